"""Reference networks: the zoo and its golden configs, simulated muons, distillation, resolutions."""
