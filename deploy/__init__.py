"""What is true of an installation: how it starts, ships and is watched; no business."""
