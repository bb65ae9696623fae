"""Who is told what, when and how."""
