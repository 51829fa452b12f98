"""The shapes of the choices in conf/: one module a group, plain dataclasses, stdlib only."""
