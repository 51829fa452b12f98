"""From account months to PD, six traits, reason codes and evidence, part by part."""
