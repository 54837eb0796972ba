"""The pure rules: questions answered from plain values, without a database, a network or a clock."""
