"""The shapes of bodies, questions and answers; the OpenAPI document is made from them."""
