// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What a packet costs at each hook, beside a program that does nothing.
 *
 * BPF_PROG_TEST_RUN gives one buffer to a program again and again. A program that rewrites it would see its own result the next
 * time, so a driver restores the headers, gives the next flow's port to them and tail-calls the program: a driver that calls the
 * empty program is a row of its own, and the column `net` is what a row costs above that. Rounds are interleaved; the median over the rounds is
 * printed with least and most, and the ratio to the empty program, driver's cost taken off, as the median of the rounds' own ratios.
 *
 * Where the machine counts instructions in the kernel (perf_event_open), each row has these too: all that the run's system call
 * executed, a packet.
 *
 *   datapath_bench [--json] [ROUNDS [REPEAT]]
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/rig.h"

#define ROUNDS_MAX 101
#define ROWS_MAX   64
#define HEADERS	   78 /* the longest headers that a driver restores: Ethernet, IPv6, TCP and more */

/* What the driver works on: its one map's one value. */
struct drive {
	uint64_t turn;
	uint8_t headers[128];
};

struct row {
	const char *what;
	int family;
	int prog;
	uint32_t link;
	uint32_t flows; /* a power of two */
	struct frame frame;
	double ns[ROUNDS_MAX];
	double instructions[ROUNDS_MAX];
};

struct bench {
	struct row row[ROWS_MAX];
	int rows;
	int rounds;
	uint32_t repeat;
	int empty;
	int counter; /* of instructions; negative: -errno */
	int jump;    /* program array of the driver */
	int data;    /* its array */
};

static int load(const struct bpf_insn *insns, size_t count)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "bench", "GPL", insns, count, NULL);

	assert_true(fd >= 0);
	return fd;
}

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})

static int load_empty(void)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_ALU | BPF_MOV | BPF_K, 0, 0, 0, -1),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return load(insns, sizeof(insns) / sizeof(*insns));
}

/* drive.turn++; the source port in drive.headers becomes turn % flows; headers to the packet; jump. */
static int load_driver(const struct bench *b, uint32_t flows, uint32_t port_at, uint32_t headers)
{
	const int data = offsetof(struct drive, headers);
	const struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0),
		INSN(BPF_LD | BPF_DW | BPF_IMM, 7, BPF_PSEUDO_MAP_VALUE, 0, b->data),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_DW, 2, 7, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, 1),
		INSN(BPF_STX | BPF_MEM | BPF_DW, 7, 2, 0, 0),
		INSN(BPF_ALU64 | BPF_AND | BPF_K, 2, 0, 0, (int)(flows - 1)),
		INSN(BPF_STX | BPF_MEM | BPF_H, 7, 2, (short)(data + (int)port_at), 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 6, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 3, 7, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, data),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, (int)headers),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 5, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_store_bytes),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 6, 0, 0),
		INSN(BPF_LD | BPF_DW | BPF_IMM, 2, BPF_PSEUDO_MAP_FD, 0, b->jump),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_tail_call),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return load(insns, sizeof(insns) / sizeof(*insns));
}

/* Instructions of this thread in the kernel. */
static int open_counter(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.disabled = 1,
		.exclude_user = 1,
		.exclude_hv = 1,
	};
	long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static double read_counter(int fd)
{
	uint64_t n;

	ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
	assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
	return (double)n;
}

static uint32_t run(int prog, const uint8_t *buf, uint32_t len, uint32_t link, uint32_t repeat,
		    int *ret_verdict)
{
	struct __sk_buff ctx = {.ifindex = link};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = buf, .data_size_in = len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = (int)repeat);

	assert_int_equal(bpf_prog_test_run_opts(prog, &opts), 0);
	*ret_verdict = (int)opts.retval;
	return opts.duration;
}

/* The run that counts: instructions a packet where they are counted, and the time. */
static double run_counted(const struct bench *b, int prog, const uint8_t *buf, uint32_t len,
			  uint32_t link, double *ret_instructions)
{
	int verdict;
	double ns;

	if (b->counter >= 0) {
		ioctl(b->counter, PERF_EVENT_IOC_RESET, 0);
		ioctl(b->counter, PERF_EVENT_IOC_ENABLE, 0);
	}
	ns = run(prog, buf, len, link, b->repeat, &verdict);
	if (b->counter >= 0)
		*ret_instructions = read_counter(b->counter) / b->repeat;
	if (prog != b->empty)
		assert_int_not_equal(verdict, DROPPED);
	return ns;
}

/* One row's figures of this round. Its flows have been opened before; the frames of the run are later ones. */
static void measure(struct bench *b, struct row *r, int round)
{
	uint32_t l4 = 14 + (r->frame.family == 4 ? 20 : 40), zero = 0, len;
	struct drive drive = {};
	uint8_t buf[FRAME_MAX];
	int driver, verdict;

	len = (uint32_t)frame_build(&r->frame, buf);
	memcpy(drive.headers, buf, HEADERS);
	assert_int_equal(bpf_map_update_elem(b->data, &zero, &drive, BPF_ANY), 0);
	assert_int_equal(bpf_map_update_elem(b->jump, &zero, &r->prog, BPF_ANY), 0);
	driver = load_driver(b, r->flows, l4, l4 + 20);
	run(driver, buf, len, r->link, r->flows * 2, &verdict);
	r->ns[round] = run_counted(b, driver, buf, len, r->link, &r->instructions[round]);
	close(driver);
}

/* Every flow's first packet. */
static void open_flows(struct bench *b, const struct row *r)
{
	struct row first = *r;
	uint32_t repeat = b->repeat;

	first.frame.tcp_flags = 2;
	b->repeat = r->flows * 2;
	measure(b, &first, 0);
	b->repeat = repeat;
}

static struct row *add(struct bench *b, const char *name, int family, int prog, uint32_t link,
		       const struct frame *frame, uint32_t flows)
{
	struct row *r = &b->row[b->rows++];

	assert_true(b->rows <= ROWS_MAX);
	r->what = name;
	r->family = family;
	r->prog = prog;
	r->link = link;
	r->flows = flows;
	r->frame = *frame;
	r->frame.tcp_flags = 0x10;
	return r;
}

static void add_family(struct bench *b, struct rig *rig, int family)
{
	static const uint32_t counts[] = {1, 1024, 65536};
	int pod = rig_prog(rig, HOOK_POD), host = rig_prog(rig, HOOK_HOST);
	uint32_t alice = rig_link(rig, ALICE), bob = rig_link(rig, BOB), up = rig_link(rig, WORLD);
	struct frame f = rig_frame(family, BOB, ALICE, IPPROTO_TCP, 0, 80);
	uint32_t backends[8];

	add(b, "pod to pod", family, pod, bob, &f, 1);
	f = rig_frame(family, BOB, CAROL, IPPROTO_TCP, 0, 80);
	add(b, "pod to other node's pod", family, pod, bob, &f, 1);
	f = rig_frame(family, CAROL, BOB, IPPROTO_TCP, 0, 80);
	add(b, "uplink to pod", family, host, up, &f, 1);
	f = rig_frame(family, WORLD, NODE, IPPROTO_TCP, 0, 22);
	add(b, "uplink to node", family, host, up, &f, 1);
	for (uint32_t i = 0; i < 8; i++) {
		backends[i] = 100 + i + (uint32_t)family * 10;
		rig_backend(rig, backends[i], family, CAROL, (uint16_t)(8080 + i), IPPROTO_TCP, 1);
	}
	rig_service(rig, family, SHOP, 80, IPPROTO_TCP, 8, backends);
	rig_backend(rig, 99u + (uint32_t)family, family, BOB, 8080, IPPROTO_TCP, 1);
	rig_service(rig, family, MARKET, 81, IPPROTO_TCP, 1,
		    (const uint32_t[]){99u + (uint32_t)family});
	f = rig_frame(family, ALICE, MARKET, IPPROTO_TCP, 0, 81);
	for (int i = 0; i < 2; i++)
		open_flows(b, add(b, "pod to service of a local pod", family, pod, alice, &f,
				  counts[i]));
	f = rig_frame(family, ALICE, SHOP, IPPROTO_TCP, 0, 80);
	for (int i = 0; i < 3; i++)
		open_flows(b, add(b, "pod to service of other node's", family, pod, alice, &f,
				  counts[i]));
	f = rig_frame(family, ALICE, WORLD, IPPROTO_TCP, 0, 443);
	for (int i = 0; i < 2; i++)
		open_flows(b, add(b, "pod to outside", family, pod, alice, &f, counts[i]));
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return v[n / 2];
}

/* What a row costs above the driver with the empty program, and in times of the empty program. The first row is the bare empty
 * program, the second the driver with it: these are what the others are held against. */
static void derive(const struct bench *b, int i, double *ret_net, double *ret_times)
{
	for (int r = 0; r < b->rounds; r++) {
		ret_net[r] = i < 2 ? 0 : b->row[i].ns[r] - b->row[1].ns[r];
		ret_times[r] = (ret_net[r] + b->row[0].ns[r]) / b->row[0].ns[r];
	}
}

static void print_table(const struct bench *b)
{
	printf("%-40s %8s %8s %8s %8s %8s\n", "ns a packet", "median", "least", "most", "net",
	       "x empty");
	for (int i = 0; i < b->rows; i++) {
		double sorted[ROUNDS_MAX], net[ROUNDS_MAX], times[ROUNDS_MAX], mid;
		char name[64];

		derive(b, i, net, times);
		memcpy(sorted, b->row[i].ns, sizeof(sorted));
		mid = median(sorted, b->rounds);
		(void)snprintf(name, sizeof(name), "IPv%d %s, %u flows", b->row[i].family,
			       b->row[i].what, b->row[i].flows);
		printf("%-40s %8.0f %8.0f %8.0f %8.0f %8.2f\n", name, mid, sorted[0],
		       sorted[b->rounds - 1], median(net, b->rounds), median(times, b->rounds));
	}
}

static void print_list(const char *name, const double *v, int n)
{
	printf(", \"%s\": [", name);
	for (int i = 0; i < n; i++)
		printf("%s%.3f", i ? ", " : "", v[i]);
	printf("]");
}

static void print_json(const struct bench *b, const char *checksums)
{
	printf("{\"checksums\": \"%s\", \"repeat\": %u, \"uncounted\": ", checksums, b->repeat);
	b->counter < 0 ? printf("\"%s\"", strerror(-b->counter)) : printf("null");
	printf(", \"rows\": [");
	for (int i = 0; i < b->rows; i++) {
		const struct row *r = &b->row[i];
		double net[ROUNDS_MAX], times[ROUNDS_MAX];

		derive(b, i, net, times);
		printf("%s{\"what\": \"%s\", \"family\": %d, \"flows\": %u", i ? ",\n" : "\n",
		       r->what, r->family, r->flows);
		print_list("ns", r->ns, b->rounds);
		if (i >= 2) {
			print_list("net", net, b->rounds);
			print_list("times_empty", times, b->rounds);
		}
		if (b->counter >= 0)
			print_list("instructions", r->instructions, b->rounds);
		printf("}");
	}
	printf("]}\n");
}

/* The empty program without the driver. */
static void measure_empty(struct bench *b, int round)
{
	struct row *r = &b->row[0];
	uint8_t buf[FRAME_MAX];

	r->ns[round] = run_counted(b, b->empty, buf, (uint32_t)frame_build(&r->frame, buf), r->link,
				   &r->instructions[round]);
}

static void measure_all(struct bench *b)
{
	for (int r = 0; r < b->rounds; r++) {
		measure_empty(b, r);
		for (int i = 1; i < b->rows; i++)
			measure(b, &b->row[i], r);
	}
}

int main(int argc, char **argv)
{
	bool json = argc > 1 && !strcmp(argv[1], "--json");
	struct bench *b = calloc(1, sizeof(*b));
	struct rig *rig = rig_new_sized(true, false, 1 << 19);
	struct frame f = rig_frame(4, BOB, ALICE, IPPROTO_TCP, 1, 80);
	const char *checksums = rig_in_place(rig) ? "in place" : "by helpers";

	argc -= json;
	argv += json;
	assert_non_null(b);
	b->rounds = argc > 1 ? atoi(argv[1]) : 15;
	b->repeat = argc > 2 ? (uint32_t)atoi(argv[2]) : 500000;
	assert_in_range(b->rounds, 1, ROUNDS_MAX);
	assert_in_range(b->repeat, 1, 1 << 30);
	b->counter = open_counter();
	b->empty = load_empty();
	b->jump = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "jump", 4, 4, 1, NULL);
	b->data = bpf_map_create(BPF_MAP_TYPE_ARRAY, "data", 4, sizeof(struct drive), 1, NULL);
	rig_ports(rig, 1024, 65535);
	add(b, "empty program", 4, b->empty, rig_link(rig, BOB), &f, 1);
	add(b, "driver and empty program", 4, b->empty, rig_link(rig, BOB), &f, 1);
	add_family(b, rig, 4);
	add_family(b, rig, 6);
	measure_all(b);
	if (json) {
		print_json(b, checksums);
	} else {
		printf("checksums %s\n", checksums);
		print_table(b);
	}
	rig_free(rig);
	free(b);
	return 0;
}
