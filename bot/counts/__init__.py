"""The numbers of the service: counted, protected from small cells, and told."""
