# Targets of everyday work. The README's two commands are `make run` and `make test`.
SWIFT_FLAGS = -c release --static-swift-stdlib
TAIPAN = .build/release/taipan
SCRIPT ?= examples/pipeline.py

.PHONY: release run test bench

release:
	swift build $(SWIFT_FLAGS) --product taipan

run: release
	$(TAIPAN) $(SCRIPT)

test: release
	scripts/test.sh

bench: release
	python3 bench/run.py $(TAIPAN)
