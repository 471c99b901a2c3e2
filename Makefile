# Targets of everyday work. The README's two commands are `make run` and `make test`.
# One indirect jump an instruction instead of one for all: the compiler copies the end of the interpreter's loop into every case
# (1.05 times as fast, measured). Compilers that do not know these options build without them.
DISPATCH = -tail-dup-pred-size=10000 -tail-dup-succ-size=10000
DISPATCH_FLAGS = $(shell printf '' | swiftc $(addprefix -Xllvm ,$(DISPATCH)) -emit-sil - >/dev/null 2>&1 && echo $(foreach option,$(DISPATCH),-Xswiftc -Xllvm -Xswiftc $(option)))
SWIFT_FLAGS = -c release --static-swift-stdlib $(DISPATCH_FLAGS)
TAIPAN = .build/release/taipan
SCRIPT ?= examples/pipeline.py

.PHONY: release tools run test bench

release:
	swift build $(SWIFT_FLAGS) --product taipan

# What the tests run beside the command.
tools:
	swift build $(SWIFT_FLAGS) --product taipan-fuzz
	swift build $(SWIFT_FLAGS) --product function-spans
	swift build $(SWIFT_FLAGS) --product explain-source

run: release
	$(TAIPAN) $(SCRIPT)

test: release tools
	scripts/test.sh

bench: release
	python3 bench/run.py $(TAIPAN)
