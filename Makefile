# SPDX-License-Identifier: Apache-2.0
#
# One Makefile; every object lies under $(O). `make help` lists the targets.
#
# A room is a folder of sources that becomes one archive. scripts/rooms says which rooms a room may include, and the
# link order of the archives below follows it: a room before the rooms that it uses.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:

CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
SAN ?= 0
V ?= 0
O ?= out$(if $(filter 1,$(SAN)),-san)$(if $(findstring clang,$(CC)),-clang)
Q := $(if $(filter 1,$(V)),,@)

# --- rooms: name = folder ------------------------------------------------------------------------------------------
ROOMS := agent net datapath maps bgp compile store state cni cli apiserver controllers storage client ipc api base
dir_base := userspace/base
dir_api := userspace/api
dir_ipc := userspace/ipc
dir_client := userspace/client
dir_maps := userspace/maps
dir_store := userspace/agent/store
dir_state := userspace/agent/state
dir_compile := userspace/agent/compile
dir_datapath := userspace/agent/datapath
dir_net := userspace/agent/net
dir_bgp := userspace/agent/bgp
dir_agent := userspace/agent
dir_cli := userspace/cli
dir_storage := controlplane/storage
dir_apiserver := controlplane/apiserver
dir_controllers := controlplane/controllers
dir_cni := cni-plugin

# --- programs: the file with main(), and the rooms it is made of, users first -----------------------------------------
PROGRAMS := beelined beeline beeline-cni beeline-controlplane
main_beelined := userspace/agent/main.c
rooms_beelined := agent net datapath maps bgp compile store state client ipc api base
main_beeline := userspace/cli/main.c
rooms_beeline := cli maps ipc api base
main_beeline-cni := cni-plugin/main.c
rooms_beeline-cni := cni ipc base
main_beeline-controlplane := controlplane/main.c
rooms_beeline-controlplane := apiserver controllers storage client api base

PKGS := libuv jansson yaml-0.1 libcurl libmicrohttpd gnutls sqlite3 libbpf libelf zlib libnl-3.0 libnl-route-3.0 libxxhash

# --- flags -------------------------------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wpointer-arith -Wvla -Wundef
HARDEN := -fstack-protector-strong -fPIE
ifeq ($(SAN),1)
HARDEN += -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDHARDEN := -fsanitize=address,undefined
else
HARDEN += -O2 -D_FORTIFY_SOURCE=2
LDHARDEN :=
endif
ifeq ($(FUZZ),1)
HARDEN := -O1 -fPIE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
endif
CPPFLAGS := -D_GNU_SOURCE -Iuserspace -Icontrolplane -Ibpf/include -Ibpf -I$(O)/gen
CFLAGS := -std=gnu17 -g $(WARN) $(HARDEN) $(shell pkg-config --cflags $(PKGS) cmocka 2>/dev/null)
LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDHARDEN)
LDLIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

BPF_ARCH := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')
BPF_SYSINC := $(shell $(CLANG) -print-file-name=include 2>/dev/null)
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -std=gnu17 -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Wextra -Werror -Wshadow -Wundef \
	-Wpointer-arith -nostdinc -isystem $(BPF_SYSINC) -isystem /usr/include/$(shell uname -m)-linux-gnu -isystem /usr/include \
	-Ibpf/include -Ibpf

# --- what there is ------------------------------------------------------------------------------------------------------
MAINS := $(foreach p,$(PROGRAMS),$(main_$(p)))
srcs = $(filter-out $(MAINS),$(wildcard $(dir_$(1))/*.c $(dir_$(1))/*/*.c))
# the agent's folder holds rooms of its own, so only its direct files are the room `agent`
srcs_agent = $(filter-out $(MAINS),$(wildcard $(dir_agent)/*.c))
room_srcs = $(if $(filter agent,$(1)),$(srcs_agent),$(call srcs,$(1)))
objs = $(patsubst %.c,$(O)/obj/%.o,$(1))
archives = $(foreach r,$(1),$(O)/lib/$(r).a)

BPF_SRCS := $(wildcard bpf/*.bpf.c)
BPF_OBJS := $(patsubst bpf/%.bpf.c,$(O)/bpf/%.bpf.o,$(BPF_SRCS))
SKELS := $(patsubst bpf/%.bpf.c,$(O)/gen/bpf/%.skel.h,$(BPF_SRCS))

UNIT_SRCS := $(wildcard tests/unit/*/*_test.c)
BPF_TEST_SRCS := $(wildcard tests/bpf/*_test.c)
GOLDEN_SRCS := $(wildcard tests/golden/*_test.c)
TESTLIB_SRCS := $(wildcard tests/lib/*.c)
FUZZ_SRCS := $(wildcard tests/fuzz/*_fuzz.c)
BENCH_SRCS := $(wildcard tests/bench/*.c)
BENCHLIB_SRCS := $(wildcard tests/bench/*/*.c)
UNIT_BINS := $(patsubst %.c,$(O)/%,$(UNIT_SRCS))
BPF_TEST_BINS := $(patsubst %.c,$(O)/%,$(BPF_TEST_SRCS))
GOLDEN_BINS := $(patsubst %.c,$(O)/%,$(GOLDEN_SRCS))
FUZZ_BINS := $(patsubst %.c,$(O)/%,$(FUZZ_SRCS))
BENCH_BINS := $(patsubst %.c,$(O)/%,$(BENCH_SRCS))

.PHONY: all
all: programs bpf ## Build every program

.PHONY: programs
programs: $(addprefix $(O)/bin/,$(PROGRAMS))

.PHONY: bpf
bpf: $(SKELS)
.SECONDARY: $(BPF_OBJS)

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

# --- rules ----------------------------------------------------------------------------------------------------------------
$(O)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC   $<")
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define archive_rule
$(O)/lib/$(1).a: $(call objs,$(call room_srcs,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call archive_rule,$(r))))

define program_rule
$(O)/bin/$(1): $(call objs,$(main_$(1))) $(call archives,$(rooms_$(1)))
	@mkdir -p $$(@D)
	$(if $(Q),@echo "  LD   $$@")
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LDLIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))

# Skeletons are made before whatever includes them: only the room datapath and the BPF tests do.
$(call objs,$(call room_srcs,datapath) $(BPF_TEST_SRCS) $(BENCH_SRCS)): | $(SKELS)
$(call objs,$(TESTLIB_SRCS)): | $(SKELS)

$(O)/bpf/%.bpf.o: bpf/%.bpf.c Makefile
	@mkdir -p $(@D)
	$(if $(Q),@echo "  BPF  $<")
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@.tmp $<
	$(Q)llvm-strip -g $@.tmp && mv $@.tmp $@

$(O)/gen/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst .,_,$*)_bpf > $@.tmp && mv $@.tmp $@

$(O)/lib/testlib.a: $(call objs,$(TESTLIB_SRCS))
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(O)/lib/benchlib.a: $(call objs,$(BENCHLIB_SRCS))
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)ar rcs $@ $^

# A test links the rooms of the program that it belongs to: the node's programs and the control plane are two worlds, in
# which a name may mean two things.
CONTROL_ROOMS := apiserver controllers storage client api base
NODE_ROOMS := $(filter-out apiserver controllers storage,$(ROOMS))
CONTROL_TESTS := tests/unit/apiserver/% tests/unit/controllers/% tests/unit/storage/% tests/bench/apiserver_%
TEST_BINS := $(UNIT_BINS) $(BPF_TEST_BINS) $(GOLDEN_BINS) $(BENCH_BINS)
CONTROL_BINS := $(filter $(addprefix $(O)/,$(CONTROL_TESTS)),$(TEST_BINS))
NODE_BINS := $(filter-out $(CONTROL_BINS),$(TEST_BINS))

$(CONTROL_BINS): $(call archives,$(CONTROL_ROOMS))
$(NODE_BINS): $(call archives,$(NODE_ROOMS))
$(BENCH_BINS) $(filter $(O)/tests/unit/bench/%,$(UNIT_BINS)): $(O)/lib/benchlib.a
$(TEST_BINS): $(O)/%: $(O)/obj/%.o $(O)/lib/testlib.a
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LD   $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDLIBS) -lcmocka

# --- tests ----------------------------------------------------------------------------------------------------------------
.PHONY: tests
tests: $(UNIT_BINS) $(BPF_TEST_BINS) $(GOLDEN_BINS) $(BENCH_BINS) ## Build every test and bench

.PHONY: test
test: ## Install what is needed, build, run every suite (as root)
	scripts/test

.PHONY: test-unit
test-unit: $(UNIT_BINS) ## Unit tests
	scripts/run-tests unit $(UNIT_BINS)

.PHONY: test-bpf
test-bpf: $(BPF_TEST_BINS) ## The BPF programs on crafted packets (as root)
	scripts/run-tests bpf $(BPF_TEST_BINS)

.PHONY: test-bench
test-bench: programs bpf $(BENCH_BINS) ## The benches' own tests (as root)
	O=$(O) tests/bench/unit

.PHONY: test-bench-smoke
test-bench-smoke: programs bpf $(BENCH_BINS) ## Whether every row of the benches counts something plausible (as root)
	O=$(O) python3 tests/bench/run/main.py --smoke --out $(O)/bench-smoke

.PHONY: test-golden
test-golden: $(GOLDEN_BINS) ## API objects in, desired state and bird.conf out
	scripts/run-tests golden $(GOLDEN_BINS)

.PHONY: test-conformance
test-conformance: programs ## The API server's answers against recorded ones
	O=$(O) tests/conformance/run

.PHONY: test-lab
test-lab: programs bpf ## Labs with real agents, BIRD and kubectl (as root)
	O=$(O) tests/lab/run

.PHONY: test-restarts
test-restarts: programs bpf ## 100 agent restarts under traffic (as root)
	O=$(O) tests/lab/restarts

.PHONY: test-kernel
test-kernel: programs bpf $(BPF_TEST_BINS) $(filter $(O)/tests/unit/datapath/% $(O)/tests/unit/net/%,$(UNIT_BINS)) ## On Debian 12's kernel 6.1, in qemu
	O=$(O) tests/kernel/run

.PHONY: benches
benches: $(BENCH_BINS)

.PHONY: bench
bench: ## beeline beside iptables, nftables and raw veth: out/bench/report.html, half an hour (as root)
	O=$(O) tests/bench/bench

.PHONY: bench-quick
bench-quick: ## The same in 3 minutes, with fewer sizes and rounds (as root)
	O=$(O) tests/bench/bench --quick

.PHONY: bench-latency
bench-latency: programs bpf ## From a Service's change to the data path: p50 and p99 (as root)
	O=$(O) tests/lab/latency

.PHONY: bench-memory
bench-memory: programs bpf ## What the agent holds with 1,000 Services and 10,000 endpoints (as root)
	O=$(O) tests/lab/memory

.PHONY: bench-apiserver
bench-apiserver: $(O)/bin/beeline-controlplane $(O)/tests/bench/apiserver_bench ## Durable creates a second, memory with watches
	$(O)/tests/bench/apiserver_bench $(O)/bin/beeline-controlplane 20000 16 0
	$(O)/tests/bench/apiserver_bench $(O)/bin/beeline-controlplane 20000 16 100

.PHONY: bench-change
bench-change: bpf $(O)/tests/bench/change_bench ## 10,000 Services into the maps, and one endpoint changed (as root)
	$(O)/tests/bench/change_bench

.PHONY: bench-datapath
bench-datapath: bpf $(O)/tests/bench/datapath_bench ## What a packet costs at each hook, in times of an empty program (as root)
	$(O)/tests/bench/datapath_bench

.PHONY: test-kubectl
test-kubectl: programs ## Debian's kubectl and the one on PATH over every kind
	O=$(O) tests/kubectl/run

.PHONY: demo
demo: ## Install what is needed, build, bring up a lab and show it (as root)
	scripts/demo

# Each harness links the rooms of the parsers that it tries; FUZZ_RUNS inputs each, from tests/fuzz/corpus/NAME on.
FUZZ_ROOMS := cni bgp client ipc api base
FUZZ_RUNS ?= 50000
$(O)/tests/fuzz/%: $(O)/obj/tests/fuzz/%.o $(call archives,$(FUZZ_ROOMS))
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LD   $@")
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer,address,undefined -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDLIBS)

.PHONY: fuzz-bins
fuzz-bins: $(FUZZ_BINS)

.PHONY: fuzz
fuzz: ## The fuzz harnesses, each for a while (clang)
	$(MAKE) CC=$(CLANG) O=out-fuzz FUZZ=1 fuzz-bins
	for f in $(patsubst tests/fuzz/%_fuzz.c,%,$(FUZZ_SRCS)); do mkdir -p out-fuzz/corpus/$$f; \
		out-fuzz/tests/fuzz/$${f}_fuzz -verbosity=0 -runs=$(FUZZ_RUNS) -max_len=4096 out-fuzz/corpus/$$f \
			$$(ls -d tests/fuzz/corpus/$$f 2>/dev/null) || exit 1; done

# --- checks ---------------------------------------------------------------------------------------------------------------
.PHONY: check
check: check-layers check-format check-size ## Layers, format and sizes

.PHONY: check-layers
check-layers: ## Who includes whom, against scripts/rooms
	scripts/check-layers

.PHONY: check-format
check-format: ## clang-format
	scripts/check-format

.PHONY: check-size
check-size: ## Files under 500 lines, functions under 60 (BPF 80)
	scripts/check-size

.PHONY: format
format: ## Rewrite the sources by clang-format
	scripts/check-format --fix

.PHONY: clean
clean: ## Remove what was built
	rm -rf out out-san out-clang out-san-clang out-fuzz

-include $(shell find $(O)/obj $(O)/bpf -name '*.d' 2>/dev/null)
