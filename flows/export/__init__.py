"""A flow, a case and a recommendation for machines and papers."""
