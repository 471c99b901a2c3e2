extension ExplainStages {
    public static func shell(arguments: [String], mode: String, script: String) -> ShellRecord { ShellRecord() }
}
