// The running form of a code object; see Lowering.

struct LoweredCode {
    var next: UnsafeMutablePointer<LoweredCode>?
}
