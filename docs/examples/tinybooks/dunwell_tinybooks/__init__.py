"""An adapter to Tinybooks: the example of docs/write-an-adapter.md."""
