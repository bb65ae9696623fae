"""Code for the other side of the gateway's door: what integrators start from."""
