// swift-tools-version: 6.0
// Taipan: Python 3.12 in Swift. One target a stage of `python script.py`; see ARCHITECTURE.md.
import PackageDescription

let package = Package(
    name: "Taipan",
    products: [
        .library(name: "Taipan", targets: ["Taipan"]),
        .library(name: "TaipanSyntax", targets: ["TaipanSyntax"]),
        .library(name: "TaipanBytecode", targets: ["TaipanBytecode"]),
        .library(name: "TaipanCompiler", targets: ["TaipanCompiler"]),
        .library(name: "TaipanEngines", targets: ["TaipanEngines"]),
        .library(name: "TaipanExplain", targets: ["TaipanExplain"]),
        .executable(name: "taipan", targets: ["taipan"]),
    ],
    targets: [
        // What Swift cannot say: spilling registers for the collector, variadic system calls.
        .target(name: "CTaipan"),
        // Generated constant tables, as read-only data.
        .target(name: "CTaipanTables"),
        // Leaves: arithmetic on limbs and number texts; Unicode 15.0 properties and codecs.
        .target(name: "TaipanNumbers"),
        .target(name: "TaipanUnicode", dependencies: ["CTaipanTables"]),
        // Cores of native modules that need no runtime: patterns, struct formats, archives, text codings, dates.
        .target(name: "TaipanEngines", dependencies: ["TaipanUnicode", "CTaipanTables"]),
        // The pipeline.
        .target(name: "TaipanSyntax", dependencies: ["TaipanNumbers", "TaipanUnicode"]),
        .target(name: "TaipanBytecode", dependencies: ["TaipanNumbers", "TaipanUnicode"]),
        .target(name: "TaipanCompiler", dependencies: ["TaipanSyntax", "TaipanBytecode", "TaipanNumbers"]),
        .target(name: "TaipanRuntime", dependencies: ["TaipanCompiler", "TaipanBytecode", "TaipanSyntax", "TaipanNumbers", "TaipanUnicode", "CTaipan"]),
        .target(name: "TaipanModules", dependencies: ["TaipanRuntime", "TaipanCompiler", "TaipanSyntax", "TaipanEngines", "TaipanNumbers", "TaipanUnicode", "TaipanBytecode", "CTaipan"]),
        .target(name: "TaipanExplain", dependencies: ["TaipanRuntime", "TaipanModules", "TaipanCompiler", "TaipanBytecode", "TaipanSyntax", "TaipanNumbers", "TaipanUnicode", "CTaipan"], exclude: ["Page"]),
        .target(name: "Taipan", dependencies: ["TaipanExplain", "TaipanRuntime", "TaipanModules", "TaipanEngines", "TaipanCompiler", "TaipanSyntax", "CTaipan"]),
        .executableTarget(name: "taipan", dependencies: ["Taipan"], path: "Sources/taipan-command",
                          swiftSettings: [], linkerSettings: []),
        // The README's example of TaipanSyntax.
        .executableTarget(name: "function-spans", dependencies: ["TaipanSyntax"], path: "examples/function-spans"),
        // The stages of a source that need no run: tokens, tree, bytecode.
        .executableTarget(name: "explain-source", dependencies: ["TaipanExplain", "TaipanCompiler", "TaipanSyntax", "TaipanBytecode"], path: "examples/explain-source"),
        // Mutated inputs for the stages that read what others wrote; see scripts/test.sh.
        .executableTarget(name: "taipan-fuzz", dependencies: ["TaipanCompiler", "TaipanBytecode", "TaipanSyntax"]),
        .testTarget(name: "TaipanTests", dependencies: ["Taipan", "TaipanExplain", "TaipanSyntax", "TaipanBytecode", "TaipanCompiler", "TaipanNumbers", "TaipanUnicode", "TaipanEngines"]),
    ],
    swiftLanguageModes: [.v6]
)
