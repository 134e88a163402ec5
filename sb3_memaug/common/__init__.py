"""What the algorithms share: sequences, their evaluation, the loss, the update, and normalisation."""
