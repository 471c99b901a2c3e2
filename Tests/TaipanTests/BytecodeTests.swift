import Foundation
import TaipanBytecode
import TaipanNumbers
import XCTest

final class BytecodeTests: XCTestCase {
    func testTableFollowsCPython() {
        XCTAssertEqual(Opcode.loadConst.rawValue, 100)
        XCTAssertEqual(Opcode.loadConst.name, "LOAD_CONST")
        XCTAssertEqual(Opcode.loadAttr.cacheUnits, 9)
        XCTAssertEqual(Opcode.call.stackEffect(3, jumping: false), -4)
        XCTAssertEqual(Opcode.buildMap.stackEffect(2, jumping: false), -3)
        XCTAssertEqual(Opcode.unpackEx.stackEffect(0x102, jumping: false), 3)
        XCTAssertEqual(Opcode.setupCleanup.stackEffect(0, jumping: true), 2)
    }

    func testInstructionsFoldExtendedArguments() {
        let code: [UInt8] = [151, 0, 144, 1, 100, 2, 110, 1, 9, 0, 83, 0]
        let read = Array(InstructionSequence(code))
        XCTAssertEqual(read.map(\.opcode), [.resume, .loadConst, .jumpForward, .nop, .returnValue])
        XCTAssertEqual(read[1].argument, 0x102)
        XCTAssertEqual(read[1].start, 2)
        XCTAssertEqual(read[2].target, 10)
    }

    func testExceptionTableRoundTrip() {
        let entries = [
            ExceptionEntry(start: 4, end: 200, target: 4000, depth: 3, lasti: true),
            ExceptionEntry(start: 202, end: 204, target: 210, depth: 0, lasti: false),
        ]
        var bytes: [UInt8] = []
        for entry in entries { ExceptionTable.append(entry, to: &bytes) }
        XCTAssertEqual(Array(ExceptionTable(bytes)), entries)
        XCTAssertEqual(ExceptionTable.handler(in: bytes, at: 202), entries[1])
        XCTAssertNil(ExceptionTable.handler(in: bytes, at: 200))
        // What CPython writes for `try: f()` as the first lines of a module.
        XCTAssertEqual(Array(ExceptionTable([0x82, 0x06, 0x0A, 0x00])), [ExceptionEntry(start: 4, end: 16, target: 20, depth: 0, lasti: false)])
    }

    func testLocationTableRoundTrip() {
        let ranges: [(SourceRange, Int)] = [
            (SourceRange(line: 3, endLine: 3, column: 4, endColumn: 9), 1), (SourceRange.none, 2),
            (SourceRange(line: 4, endLine: 4, column: 100, endColumn: 127), 9),
            (SourceRange(line: 2, endLine: 7, column: 0, endColumn: 300), 1),
            (SourceRange(line: 9, endLine: 9, column: -1, endColumn: -1), 1),
        ]
        var writer = LocationTableWriter(firstLine: 3)
        for (range, units) in ranges { writer.append(range, units: units) }
        var units = 0
        var seen: [SourceRange] = []
        for entry in LocationTable(writer.bytes, firstLine: 3) {
            units += (entry.end - entry.start) / 2
            if seen.last != entry.range { seen.append(entry.range) }
        }
        XCTAssertEqual(units, 14)
        XCTAssertEqual(seen, ranges.map(\.0))
    }

    func testMarshalReadsWhatCPythonWrites() throws {
        // marshal.dumps((1, 'a', b'b', None, 2.5, 'a', -10**20, frozenset({True})))
        let data = Array("a9".utf8)
        XCTAssertThrowsError(try Marshal.read(data[...]))
        let tuple: [UInt8] = [0x29, 4, 0xE9, 1, 0, 0, 0, 0xDA, 1, 0x61, 0x72, 1, 0, 0, 0, 0x67, 0, 0, 0, 0, 0, 0, 4, 0x40]
        guard case .tuple(let items) = try Marshal.read(tuple[...]) else { return XCTFail("not a tuple") }
        guard case .int(let one) = items[0], case .str(let a, interned: true) = items[1], case .str(let b, _) = items[2],
            case .float(let x) = items[3]
        else { return XCTFail("wrong items") }
        XCTAssertEqual(one, 1)
        XCTAssertEqual(a, [0x61])
        XCTAssertEqual(b, a)
        XCTAssertEqual(x, 2.5)
    }

    func testMarshalErrors() {
        func message(_ bytes: [UInt8]) -> String {
            do throws(MarshalFailure) {
                _ = try Marshal.read(bytes[...])
                return ""
            } catch { return "\(error.kind.rawValue): \(error.message)" }
        }
        XCTAssertEqual(message([]), "EOFError: EOF read where object expected")
        XCTAssertEqual(message([0x3F]), "ValueError: bad marshal data (unknown type code)")
        XCTAssertEqual(message([0x69, 1]), "EOFError: marshal data too short")
        XCTAssertEqual(message([0x72, 9, 0, 0, 0]), "ValueError: bad marshal data (invalid reference)")
        XCTAssertEqual(message([UInt8](repeating: 0x29, count: 1) + [0xFF]), "EOFError: EOF read where object expected")
    }

    /// Two thousand levels need more stack than a test has in a debug build.
    func testDeepMarshalDataIsRefused() {
        final class Box: @unchecked Sendable { var failure: MarshalFailure? }
        let box = Box()
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            let deep = [UInt8]((0..<5000).flatMap { _ in [UInt8(0x29), 1] })
            do throws(MarshalFailure) { _ = try Marshal.read(deep[...]) } catch { box.failure = error }
            done.signal()
        }
        thread.stackSize = 64 << 20
        thread.start()
        done.wait()
        XCTAssertEqual(box.failure, MarshalFailure(.value, "recursion limit exceeded"))
    }

    func testMarshalRoundTrips() throws {
        let big = BigInteger(isNegative: true, magnitude: [5, 1 << 40])
        let value = Constant.tuple([
            .int(big), .str(Array("é€".utf8), interned: false), .bytes([]), .complex(1, -2), .frozenset([.true, .none]),
            .ellipsis, .tuple([.int(big)]),
        ])
        for version in 0...4 {
            let data = try Marshal.write(value, version: version)
            XCTAssertEqual(try Marshal.write(Marshal.read(data[...]), version: version), data, "version \(version)")
        }
    }

    func testPycHeader() {
        let header = PycHeader(.timestamp(time: 0x6543_2100, size: 77))
        XCTAssertEqual(Array(header.bytes[..<4]), [0xCB, 0x0D, 0x0D, 0x0A])
        XCTAssertEqual(PycHeader(header.bytes), header)
        XCTAssertEqual(PycHeader(PycHeader(.hash(12345 << 33, checked: true)).bytes), PycHeader(.hash(12345 << 33, checked: true)))
        XCTAssertNil(PycHeader([UInt8](repeating: 0, count: 16)))
    }
}
