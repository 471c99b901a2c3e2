// The text of `ast.dump(tree, indent=2)`. A node stands on one line when it has at most three fields and none of them holds a node with
// fields of its own or a list with items; else each field has a line.
import TaipanSyntax

struct TreeDump {
    private(set) var text: [UInt8] = []
    private var level = 0

    static func text(_ module: Module) -> String {
        var dump = TreeDump()
        dump.node(TreeItem.module(module).view)
        return String(decoding: dump.text, as: UTF8.self)
    }

    private mutating func node(_ view: TreeView) {
        let fields = view.fields.filter { if case .absent = $0.value { false } else { true } }
        let isShort = fields.count <= 3 && fields.allSatisfy { Self.isSimple($0.value) }
        put(view.type)
        put("(")
        level += 1
        for (i, field) in fields.enumerated() {
            separate(i, onLines: !isShort)
            put(field.name)
            put("=")
            value(field.value)
        }
        level -= 1
        put(")")
    }

    private mutating func value(_ field: TreeView.Field) {
        switch field {
        case .node(let item): node(item.view)
        case .nodes(let items): list(items) { dump, item in if let item { dump.node(item.view) } else { dump.put("None") } }
        case .text(let text): put(text)
        case .texts(let texts): list(texts) { $0.put($1) }
        case .absent: put("None")
        }
    }

    private mutating func list<Item>(_ items: [Item], _ write: (inout TreeDump, Item) -> Void) {
        put("[")
        level += 1
        for (i, item) in items.enumerated() {
            separate(i, onLines: true)
            write(&self, item)
        }
        level -= 1
        put("]")
    }

    private static func isSimple(_ field: TreeView.Field) -> Bool {
        switch field {
        case .node(let item): item.view.fields.allSatisfy { if case .absent = $0.value { true } else { false } }
        case .nodes(let items): items.isEmpty
        case .texts(let texts): texts.isEmpty
        case .text, .absent: true
        }
    }

    private mutating func separate(_ i: Int, onLines: Bool) {
        if i > 0 { put(onLines ? "," : ", ") }
        guard onLines else { return }
        text.append(10)
        for _ in 0..<level * 2 { text.append(32) }
    }

    private mutating func put(_ text: StaticString) { text.withUTF8Buffer { self.text.append(contentsOf: $0) } }

    private mutating func put(_ text: String) { self.text.append(contentsOf: text.utf8) }
}
