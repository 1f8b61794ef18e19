# The short face of scripts/. A machine without make runs ./scripts/run and ./scripts/test.
.PHONY: build run test test-fast e2e e2e-full e2e-versions bench lint lint-all sanitize fuzz image clean

build: ; @scripts/build
run: ; @scripts/run $(ARGS)
test: ; @scripts/test $(ARGS)
test-fast: ; @scripts/test --fast $(ARGS)
e2e: ; @scripts/e2e $(ARGS)
e2e-full: ; @scripts/e2e --full $(ARGS) lost_requests; code=$$?; tests/e2e/real/simulated.py --recorded && exit $$code
e2e-versions: ; @scripts/e2e-versions $(ARGS)
bench: ; @scripts/bench $(ARGS)
lint: ; @scripts/lint
lint-all: ; @scripts/lint --all
sanitize: ; @scripts/sanitize asan && scripts/sanitize tsan
fuzz: ; @scripts/fuzz $(ARGS)
image: ; @scripts/image
clean: ; @rm -rf build
