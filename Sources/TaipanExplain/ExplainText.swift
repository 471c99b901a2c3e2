extension ExplainRecord {
    public func text(_ stages: Set<ExplainStage>) -> String { "" }
}
