# SPDX-License-Identifier: Apache-2.0
# The two commands of the README are `make demo` and `make test`; the rest is for people who work on
# the code. CMake does the building (CMakePresets.json), this file only names the jobs.

.PHONY: all build demo demo-live test check bench validate validate-real lint format install kit fuzz kill-loop pilot soak arm64 clean help
PRESET ?= release
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

all: build

help:
	@echo "make demo     install what is missing, build, record this machine, show two verdicts and their evidence"
	@echo "make demo-live  a simulated rig over MQTT: baseline trained, faults found, kill -9, all accounted for"
	@echo "make test     install what is missing, build with both compilers, run every test"
	@echo "make build    the release binary, build/release/hb"
	@echo "make check    the quick loop: build, lints, unit and command tests"
	@echo "make bench    speed against other tools, ratios"
	@echo "make validate the promised error rates, simulated in full (minutes)"
	@echo "make validate-real  verdicts on labelled recordings (HB_DATA), beside simpler rules (half an hour)"
	@echo "make lint     every lint with its reason"
	@echo "make format   clang-format over the sources"
	@echo "make fuzz     ten minutes of each fuzz target"
	@echo "make pilot    the pilot's definition of done as one run with one ledger (PILOT_HOURS=24 in real time)"
	@echo "make soak     24 h of telemetry compressed, then 30 min in real time: memory and descriptors stay flat"
	@echo "make kit      what deploy/install.sh installs from, build/kit/hb-VERSION.tar.gz"
	@echo "make kill-loop  200 times kill -9 of the daemon: decisions stay those of an uninterrupted run"
	@echo "make arm64    packs of this machine decided again by arm64 code, in qemu"
	@echo "make install  into PREFIX (default /usr/local)"

build:
	@tools/install-deps.sh build
	cmake --preset $(PRESET) -DHB_TESTS=OFF -DHB_COMMIT=$(HB_COMMIT)
	cmake --build build/$(PRESET) -j $(JOBS)

demo: build
	build/release/hb demo --out demo-output
	tools/demo_evidence.sh build/release/hb demo-output

demo-live: build
	@tools/install-deps.sh live
	/usr/bin/python3 tools/live/pilot.py --hb build/release/hb --out demo-live-output --demo

pilot: build
	@tools/install-deps.sh live
	/usr/bin/python3 tools/live/pilot.py --hb build/release/hb --out build/pilot $(if $(PILOT_HOURS),--hours $(PILOT_HOURS))

soak: build
	@tools/install-deps.sh live
	/usr/bin/python3 tools/live/soak.py --hb build/release/hb --out build/soak

# The commit goes into the bill of materials where the tree is exactly that.
kit: HB_COMMIT = $(shell test -z "$$(git status --porcelain 2>&1)" && git rev-parse HEAD)
kit: build
	tools/kit.sh

test:
	@tools/install-deps.sh build test
	tools/test.sh

check:
	@tools/install-deps.sh build test
	cmake --preset dev -DHB_TESTS=ON > /dev/null
	cmake --build build/dev -j $(JOBS)
	ctest --test-dir build/dev -LE "suite|e2e|slow|fuzz" -j $(JOBS) --output-on-failure
	@tools/lint/run.sh

bench: build
	@tools/install-deps.sh build bench
	tools/bench.sh

validate: build
	cmake --build build/$(PRESET) -j $(JOBS) --target hb_validate --target validate_live --target validate_relation
	build/$(PRESET)/tools/validate/hb_validate
	build/$(PRESET)/tools/validate/validate_live
	build/$(PRESET)/tools/validate/validate_relation

validate-real: build
	@tools/install-deps.sh build test
	/usr/bin/python3 tools/validate/real_data.py --hb build/$(PRESET)/hb

arm64: build
	@tools/install-deps.sh build arm64
	tools/arm64/verify.sh

kill-loop: build
	@tools/install-deps.sh build test
	HB_SOURCE_DIR=$(CURDIR) HB_BINARY=$(CURDIR)/build/$(PRESET)/hb HB_KILL_ROUNDS=200 /usr/bin/python3 -B tests/cli/test_daemon_kill.py
	cmake --preset $(PRESET) -DHB_TESTS=ON > /dev/null
	cmake --build build/$(PRESET) -j $(JOBS) --target receiver
	HB_BUILD_DIR=$(CURDIR)/build/$(PRESET) HB_KILL_ROUNDS=200 /usr/bin/python3 -B tests/e2e/kill_mqtt.py
	set -e; for qos in 1 2; do for version in 5 3.1.1; do \
	    /usr/bin/python3 tools/live/pilot.py --hb build/$(PRESET)/hb --out build/kills --kills 50 --speed 6 --qos $$qos --mqtt $$version; \
	done; done

lint:
	@tools/lint/run.sh

format:
	git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'include/*.h' | xargs clang-format-14 -i

fuzz:
	@tools/install-deps.sh build test
	tools/fuzz.sh 600

install: build
	cmake --install build/release --prefix $(or $(PREFIX),/usr/local)

clean:
	rm -rf build demo-output demo-live-output
