// Lines of source files on disk, for the texts of syntax errors.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

enum SourceLines {
    /// CPython reads the file in pieces of this many bytes, and shows the last piece of the line.
    static var piece: Int { 999 }

    /// Line `number`, counted from 1, of a file; nil when there is no such file or line.
    static func line(_ number: Int, of path: String) -> [UInt8]? {
        if number < 1 || path.isEmpty || path.hasPrefix("<") { return nil }
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var buffer: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(buffer) }
        var at = 0
        while true {
            let count = getline(&buffer, &capacity, file)
            guard count > 0, let text = buffer else { return nil }
            at += 1
            if at < number { continue }
            let start = (count - 1) / piece * piece
            let shown = UnsafeRawBufferPointer(start: text + start, count: strnlen(text + start, count - start))
            if shown.count > 1 && shown.suffix(2).elementsEqual([0x0D, 0x0A]) { return shown.dropLast(2) + [0x0A] }
            return Array(shown)
        }
    }
}
