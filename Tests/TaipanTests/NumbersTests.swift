import XCTest
@testable import TaipanNumbers

final class NumbersTests: XCTestCase {
    func testPlaceholder() { XCTAssertEqual(1 + 1, 2) }
}
