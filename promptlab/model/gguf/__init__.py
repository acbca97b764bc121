"""GGUF files as models: read without the extra packages, unpacked once into an ordinary folder."""
