"""E-mail at the edge: what comes in becomes a plain result, by which the domain decides."""
