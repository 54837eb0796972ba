"""The commands of features, one file a feature: a class that extends VisitorCommands, AgentCommands, or one of each."""
