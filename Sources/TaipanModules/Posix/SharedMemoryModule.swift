// `_posixshmem`: named memory that processes share, on which `multiprocessing.shared_memory` stands.

import CTaipan
import TaipanRuntime

enum SharedMemoryModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "POSIX shared memory module")
        m.function("shm_open", "($module, /, path, flags, mode=511)", "Open a shared memory object.  Returns a file descriptor (integer).") { (t, a) throws(Raised) in
            let name = try path(t, a[0], "shm_open")
            let flags = try t.index(a[1], overflow: .overflowError), mode = a[2].isUnbound ? 0o777 : try t.index(a[2], overflow: .overflowError)
            let descriptor = t.blocking { ctaipan_shared_memory_open(name, Int32(truncatingIfNeeded: flags), UInt32(truncatingIfNeeded: mode)) }
            if descriptor < 0 { throw t.osError(ctaipan_get_errno(), a[0]) }
            return t.int(Int(descriptor))
        }
        m.function("shm_unlink", "($module, /, path)", "Remove a shared memory object (similar to unlink()).") { (t, a) throws(Raised) in
            let name = try path(t, a[0], "shm_unlink")
            if t.blocking({ ctaipan_shared_memory_unlink(name) }) < 0 { throw t.osError(ctaipan_get_errno(), a[0]) }
            return .none
        }
    }

    private static func path(_ t: Thread, _ value: Value, _ function: StaticString) throws(Raised) -> [CChar] {
        if !value.isKind(.str) { throw t.raise(.typeError, "\(function)() argument 'path' must be str, not \(value.isNone ? "None" : t.typeName(value))") }
        let bytes = t.wtf8(value)
        if bytes.contains(0) { throw t.raise(.valueError, "embedded null character") }
        return bytes.map { CChar(bitPattern: $0) } + [0]
    }
}
