// How long imports take: what `-X importtime` prints, and what run observers are told. The time of an import without those inside it is its
// own; parents of a dotted name are imported inside it.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An interpreter's clock of imports.
struct ImportTimes {
    /// `-X importtime` or PYTHONPROFILEIMPORTTIME.
    var arePrinted = false
    var hasHeader = false
    var level = 0
    /// Microseconds that the imports inside the one under way have taken so far.
    var inside = 0.0
}

extension Thread {
    /// Has every import that loads something print a line of CPython's table.
    public func printImportTimes() { interp.pointee.importTimes.arePrinted = true }

    /// Runs `load`, timed where somebody wants to know.
    func timingImport(_ fullName: String, _ load: (Thread) throws(Raised) -> Value) throws(Raised) -> Value {
        if !interp.pointee.importTimes.arePrinted && interp.pointee.runObserver == nil { return try load(self) }
        if interp.pointee.importTimes.arePrinted && !interp.pointee.importTimes.hasHeader {
            interp.pointee.importTimes.hasHeader = true
            Thread.printTimes("import time: self [us] | cumulative | imported package\n")
        }
        tell(.importBegins(fullName))
        let outer = interp.pointee.importTimes.inside
        interp.pointee.importTimes.inside = 0
        interp.pointee.importTimes.level += 1
        let start = Thread.clockMicroseconds()
        var succeeded = false
        defer {
            let all = Thread.clockMicroseconds() - start
            let own = max(0, all - interp.pointee.importTimes.inside)
            interp.pointee.importTimes.level -= 1
            interp.pointee.importTimes.inside = outer + all
            if interp.pointee.importTimes.arePrinted { printImport(fullName, own, all) }
            tell(.importEnds(fullName, succeeded: succeeded, microseconds: all, ownMicroseconds: own))
        }
        let module = try load(self)
        succeeded = true
        return module
    }

    private func printImport(_ fullName: String, _ own: Double, _ all: Double) {
        let indentation = String(repeating: "  ", count: max(0, interp.pointee.importTimes.level))
        Thread.printTimes("import time: \(Thread.padded(own, 9)) | \(Thread.padded(all, 10)) | \(indentation)\(fullName)\n")
    }

    private static func padded(_ microseconds: Double, _ width: Int) -> String {
        let text = String(Int(microseconds.rounded(.up)))
        return String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }

    /// To the descriptor itself, as CPython has it: `sys.stderr` may not be there yet.
    private static func printTimes(_ line: String) {
        var line = line
        line.withUTF8 { _ = writeAll(2, $0) }
    }
}
