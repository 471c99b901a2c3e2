// What `--explain` asks for.

import TaipanExplain

/// The options `--explain`, `--explain-output` and `--explain-limit`.
struct ExplainOptions {
    enum Format: String, CaseIterable { case text, json, html }

    var format = Format.text
    var stages: Set<ExplainStage> = []
    var tellsAttributes = false
    /// Where the record goes; nil is standard error, or `explain.html` in the current folder.
    var output: String?
    var limit = 2000

    /// The stages to tell of: all when none was named.
    var pickedStages: Set<ExplainStage> { stages.isEmpty ? Set(ExplainStage.allCases) : stages }

    static var knownWords: String {
        (Format.allCases.map(\.rawValue) + ExplainStage.allCases.map(\.rawValue) + ["attributes"]).joined(separator: ", ")
    }

    /// Reads the words behind `--explain=`. Gives a complaint, or nil.
    mutating func read(_ words: String) -> String? {
        for word in words.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            if let format = Format(rawValue: word) {
                self.format = format
            } else if let stage = ExplainStage(rawValue: word) {
                stages.insert(stage)
            } else if word == "attributes" {
                tellsAttributes = true
            } else {
                return "--explain does not know '\(word)'; it knows \(ExplainOptions.knownWords)\n"
            }
        }
        return nil
    }
}
