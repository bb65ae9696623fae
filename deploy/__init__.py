"""What is true of an installation: how it is started, shipped and watched; nothing of the business."""
