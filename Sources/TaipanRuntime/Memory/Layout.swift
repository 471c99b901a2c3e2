// A layout says what a cell's words are: whose instance it is, which words the collector follows,
// and, for instances of Python classes, which attribute sits in which slot (a hidden class).
// The table of layouts belongs to the interpreter; ids are never reused, so a cache that
// compares ids stays right after a class has died.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Index of a layout in the interpreter's table. 0 marks a free cell.
@frozen public struct LayoutID: BitwiseCopyable, Equatable, Hashable, Sendable {
    public let rawValue: UInt32
    @inlinable @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// Traces one cell whose references are not simply its first words.
public typealias TraceFunction = (Cell, UnsafeMutablePointer<Marker>) -> Void

/// What the interpreter knows about a layout; trivial memory in the layout table.
public struct LayoutInfo {
    /// The type of the cells with this layout.
    public var type: Value
    /// How many words after the header are values; `allWords` means every word of the cell.
    public var valueWords: Int32
    /// First word from which all words to the end of the cell are values too; 0 for none. (What a subclass adds behind native fields.)
    public var tailStart: Int32
    /// The header's kind byte for new cells.
    public var kind: UInt8
    /// Bytes of an instance, inline attribute slots included; for types of varying size, of the fixed part.
    public var bytes: Int32
    /// Instances may carry attributes beyond fixed fields.
    public var hasAttributes: Bool
    /// The attributes are in a dict cell in the extra word, not in slots.
    public var isDictMode: Bool
    /// Word of the overflow buffer or the attribute dict; `computedExtra` for cells of varying size.
    public var extraWord: UInt16
    /// First word of the inline attribute slots, and how many there are.
    public var inlineStart: UInt16
    public var inlineCapacity: UInt16
    /// Attributes in this hidden class: its own is `name` in slot `slotCount - 1`, the others are its ancestors'.
    public var slotCount: UInt16
    public var parent: LayoutID
    public var name: Value
    /// Known extensions by one attribute, in malloc memory: pairs of name bits and layout id.
    var transitions: UnsafeMutablePointer<LayoutTransition>?
    var transitionCount: Int32
    var transitionCapacity: Int32
    /// Address of the trace function, 0 for none.
    var traceBits: UInt

    public static var allWords: Int32 { Int32.max }
    public static var computedExtra: UInt16 { UInt16.max }
}

/// What the process may map (`ulimit -v`): reservations of addresses are cut to it.
public enum AddressSpace {
    /// Bytes; a huge number when there is no limit.
    public static var limit: Int {
        var limits = rlimit()
        #if canImport(Glibc)
        let status = getrlimit(__rlimit_resource_t(UInt32(RLIMIT_AS.rawValue)), &limits)
        #else
        let status = getrlimit(RLIMIT_AS, &limits)
        #endif
        return status != 0 || limits.rlim_cur > rlim_t(1 << 46) ? 1 << 46 : Int(limits.rlim_cur)
    }

    /// The bytes to reserve for a stack that should have `wanted`.
    public static func stackBytes(_ wanted: Int) -> Int { max(1 << 20, min(wanted, limit / 8 & ~0xFFFF)) }
}

struct LayoutTransition {
    var name: Value
    var layout: LayoutID
}

/// The interpreter's layouts, in one reserved range of addresses so that the base never moves.
public struct LayoutTable {
    public var base: UnsafeMutablePointer<LayoutInfo>
    public var count: Int
    /// Most layouts that there may be.
    public let capacity: Int

    init?() {
        // A million takes 100 MB of addresses; fewer where the process may not have many.
        capacity = min(1 << 20, AddressSpace.limit / 32 / MemoryLayout<LayoutInfo>.stride)
        let bytes: Int = capacity * MemoryLayout<LayoutInfo>.stride
        guard let area = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
              area != MAP_FAILED else { return nil }
        base = area.bindMemory(to: LayoutInfo.self, capacity: capacity)
        count = 0
    }

    func release() {
        for i in 0..<count { base[i].transitions?.deallocate() }
        munmap(UnsafeMutableRawPointer(base), capacity * MemoryLayout<LayoutInfo>.stride)
    }
}
