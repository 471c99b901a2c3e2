// Stages 1 and 2 as text.

extension ShellRecord {
    func text() -> String {
        var out = "  Typed: \(PlainText.cut(typed, to: 88))\n"
        if isPath {
            out += "  It has a slash: it is the path of the file, and no folder is searched.\n"
        } else {
            out += "  Looked for in the folders of PATH:\n"
            var table = TextTable([(.left, 70), (.left, 20)], indent: 4)
            for look in looks { table.add(look.folder, look.result) }
            out += table.text()
        }
        out += "  Found: \(hit.isEmpty ? "nothing" : PlainText.cut(hit, to: 88))\n"
        for link in links { out += "    a link to \(PlainText.cut(link.to, to: 84))\n" }
        out += "  Runs: \(PlainText.cut(executable, to: 88))\n"
        out += others() + files()
        return out
    }

    private func others() -> String {
        if pythons.isEmpty { return "  No other Python on the PATH.\n" }
        var table = TextTable([(.left, 48), (.left, 46)], indent: 4)
        for python in pythons { table.add(python.path, python.version) }
        return "  Other Pythons on the PATH:\n" + table.text()
    }

    private func files() -> String {
        var out = ""
        if let shebang { out += "  First line of the script: \(PlainText.cut(shebang.line, to: 70))\n    \(shebang.remark)\n" }
        if let environment {
            out += "  Virtual environment: \(PlainText.cut(environment.file, to: 74))\n"
            var table = TextTable([(.left, 30), (.left, 60)], indent: 4)
            for setting in environment.settings { table.add(setting.name, setting.value) }
            out += table.text()
        }
        return out
    }
}

extension StartupRecord {
    func text() -> String {
        var table = TextTable([(.left, 16), (.right, 10), (.right, 12), (.left, 54)])
        for step in steps { table.add(step.name, PlainText.time(step.microseconds), PlainText.grouped(step.bytes) + " B", step.detail) }
        var out = steps.isEmpty ? "  No step was recorded.\n" : table.text()
        if !path.isEmpty {
            var table = TextTable([(.left, 56), (.left, 36)], indent: 4)
            for entry in path { table.add(entry.entry.isEmpty ? "'' (the current folder)" : entry.entry, entry.origin + (entry.exists ? "" : ", missing")) }
            out += "  sys.path:\n" + table.text()
        }
        return out + Self.settings("Environment variables that took effect", variables) + Self.settings("Options that took effect", options)
    }

    private static func settings(_ title: String, _ settings: [Setting]) -> String {
        if settings.isEmpty { return "" }
        var table = TextTable([(.left, 28), (.left, 28), (.left, 40)], indent: 4)
        for setting in settings { table.add(setting.name, setting.value, setting.effect) }
        return "  \(title):\n" + table.text()
    }
}
