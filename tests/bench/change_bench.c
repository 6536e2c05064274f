// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What it costs to bring Services into the maps, on the real kernel.
 *
 * In a sandbox (as root). Full programming of 10,000 Services of two endpoints, from nothing, in two ways: as desired state that
 * is there already, and from the store on, with the Services and slices in it, by the agent's own turns of compile and
 * apply. Then one endpoint after the other changes; the maps are opened full and claimed; and the memory of what is held
 * is counted. Figures are wall clock and CPU of the agent's own calls; only their ratios mean anything on another machine. With
 * --json they come as one object, times in nanoseconds.
 *
 *	change_bench [--json] [SERVICES [ENDPOINTS]]      10000 and 20000 without
 */

#include <jansson.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/sandbox.h"
#include "agent/compile/compile.h"
#include "agent/datapath/datapath.h"
#include "agent/store/store.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define CHANGES	   2000
#define TURN	   256 /* Services that the agent takes from the store at once */
#define RUNS	   5
#define NODE	   "node-1"
#define FIRST_VIP  0x0a600000
#define FIRST_ADDR 0x0a010000

struct bench {
	struct sandbox box;
	uint32_t services, each; /* endpoints of a Service */
	json_t *out;
};

static struct bench bench = {.services = 10000, .each = 2};

/* However the process ends. */
static void leave(void)
{
	sandbox_leave(&bench.box);
}

static void on_signal(int sig)
{
	leave();
	_exit(128 + sig);
}

struct stopwatch {
	uint64_t wall, cpu;
};

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * BL_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static struct stopwatch start_watch(void)
{
	return (struct stopwatch){bl_time_mono_ns(), cpu_ns()};
}

static struct stopwatch stop_watch(struct stopwatch start)
{
	return (struct stopwatch){bl_time_mono_ns() - start.wall, cpu_ns() - start.cpu};
}

static void report_count(struct bench *b, const char *key, uint64_t value)
{
	json_object_set_new(b->out, key, json_integer((json_int_t)value));
}

/* On a busy machine the two differ: the second is this process's own. */
static void report(struct bench *b, const char *key, struct stopwatch took)
{
	json_object_set_new(b->out, key,
			    json_pack("{sI sI}", "wall_ns", (json_int_t)took.wall, "cpu_ns",
				      (json_int_t)took.cpu));
}

static void die(const char *text)
{
	fprintf(stderr, "%s\n", text);
	exit(1);
}

static struct bl_ip ip4(uint32_t n)
{
	return (struct bl_ip){
		4, {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

/* --- desired state ---------------------------------------------------------------------------------------------------- */

/* Service i with the endpoints from number `first` on. */
static struct bl_desired_service *wish(const struct bench *b, struct bl_arena *arena, uint32_t i,
				       uint32_t first)
{
	struct bl_desired_service *want = bl_arena_new0(arena, struct bl_desired_service);
	struct bl_desired_set *set = bl_arena_new0(arena, struct bl_desired_set);
	struct bl_frontend *front = bl_arena_new0(arena, struct bl_frontend);

	*front = (struct bl_frontend){.ip = ip4(FIRST_VIP + i), .port = 80, .proto = IPPROTO_TCP};
	*set = (struct bl_desired_set){.port_name = "",
				       .family = 4,
				       .proto = IPPROTO_TCP,
				       .frontends = front,
				       .n_frontends = 1};
	set->n_targets = b->each;
	set->targets = bl_arena_array(arena, b->each, struct bl_target);
	for (uint32_t k = 0; k < b->each; k++)
		set->targets[k] =
			(struct bl_target){.ip = ip4(FIRST_ADDR + first + k), .port = 8080};
	*want = (struct bl_desired_service){.namespace = "bench",
					    .name = bl_arena_printf(arena, "svc-%u", i),
					    .uid = "00000000-0000-0000-0000-000000000000",
					    .sets = set,
					    .n_sets = 1};
	return want;
}

static void must_be_written(void *arg, size_t index, const struct bl_err *err)
{
	size_t *n = arg;

	(void)index;
	if (err)
		die(err->text);
	++*n;
}

static struct bl_datapath *open_dp(const struct bench *b)
{
	uint32_t ends = b->services * b->each + 65536;
	struct bl_map_size sizes[] = {
		{"service4", 2 * b->services + 65536},
		{"service_meta", 2 * b->services + 65536},
		{"slot", ends + 262144},
		{"backend", ends},
	};
	struct bl_datapath_opts opts = {.pin_dir = b->box.bpffs, .cgroup = b->box.cgroup};
	struct bl_datapath *dp = NULL;
	struct bl_err err = {};

	if (b->services > 10000) {
		opts.sizes = sizes;
		opts.n_sizes = BL_ARRAY_SIZE(sizes);
	}
	if (bl_datapath_open(&opts, &dp, &err))
		die(err.text);
	return dp;
}

static void close_dp(const struct bench *b, struct bl_datapath *dp, bool purge)
{
	struct bl_err err = {};

	bl_datapath_close(dp);
	if (purge && bl_datapath_purge(b->box.bpffs, &err))
		die(err.text);
}

struct wishes {
	struct bl_arena *arena;
	struct bl_desired_service **list;
	uint32_t n;
};

static struct wishes make_wishes(const struct bench *b)
{
	struct wishes w = {.arena = bl_arena_new(1 << 20), .n = b->services};

	w.list = bl_calloc(w.n, sizeof(*w.list));
	for (uint32_t i = 0; i < w.n; i++)
		w.list[i] = wish(b, w.arena, i, b->each * i);
	return w;
}

static struct stopwatch set_all(struct bl_datapath *dp, const struct wishes *w)
{
	struct stopwatch start = start_watch();
	size_t n = 0;

	for (uint32_t i = 0; i < w->n; i += TURN)
		bl_datapath_set_services(dp, w->list + i, w->n - i < TURN ? w->n - i : TURN,
					 must_be_written, &n);
	start = stop_watch(start);
	if (n != w->n)
		die("not every Service was answered for");
	return start;
}

static int cmp_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int cmp_watch(const void *a, const void *b)
{
	const struct stopwatch *x = a, *y = b;

	return cmp_u64(&x->cpu, &y->cpu);
}

static struct stopwatch median(struct stopwatch took[RUNS])
{
	qsort(took, RUNS, sizeof(*took), cmp_watch);
	return took[RUNS / 2];
}

static void bench_changes(struct bench *b, struct bl_datapath *dp)
{
	static uint64_t took[CHANGES];
	struct bl_err err = {};

	for (uint32_t i = 0; i < CHANGES; i++) {
		BL_ARENA struct bl_arena *arena = bl_arena_new(4096);
		uint32_t svc = i * 37 % b->services;
		struct bl_desired_service *want = wish(b, arena, svc, b->each * svc);
		uint64_t start;

		want->sets[0].targets[b->each - 1].ip = ip4(FIRST_ADDR + b->services * b->each + i);
		start = bl_time_mono_ns();
		if (bl_datapath_set_service(dp, want, &err))
			die(err.text);
		took[i] = bl_time_mono_ns() - start;
		(void)bl_datapath_collect(dp);
	}
	qsort(took, CHANGES, sizeof(*took), cmp_u64);
	report_count(b, "change_p50_ns", took[CHANGES / 2]);
	report_count(b, "change_p99_ns", took[CHANGES * 99 / 100]);
}

static void bench_desired(struct bench *b)
{
	struct wishes w = make_wishes(b);
	struct stopwatch took[RUNS], again[RUNS];
	struct bl_datapath_stats stats;
	struct stopwatch start;
	struct bl_datapath *dp = NULL;

	for (int i = 0; i < RUNS; i++) {
		if (dp)
			close_dp(b, dp, true);
		dp = open_dp(b);
		took[i] = set_all(dp, &w);
		again[i] = set_all(dp, &w);
	}
	report(b, "full", median(took));
	report(b, "again", median(again));
	close_dp(b, dp, false);
	start = start_watch();
	dp = open_dp(b);
	report(b, "open_full", stop_watch(start));
	report(b, "claim", set_all(dp, &w));
	bl_datapath_stats(dp, &stats);
	report_count(b, "claim_writes", stats.map_writes);
	bench_changes(b, dp);
	close_dp(b, dp, true);
	free(w.list);
	bl_arena_free(w.arena);
}

/* --- from the store on ------------------------------------------------------------------------------------------------- */

static void put(struct bl_store *store, enum bl_api_kind kind, char *text)
{
	struct bl_api_object *obj = NULL;
	BL_JSON json_t *json = NULL;
	struct bl_err err = {};

	if (bl_json_parse(text, strlen(text), &json, &err) || bl_api_decode(kind, json, &obj, &err))
		die(err.text);
	bl_store_put(store, obj);
	free(text);
}

static void put_service(struct bl_store *store, uint32_t i)
{
	char ip[BL_IP_STRLEN];
	struct bl_ip vip = ip4(FIRST_VIP + i);

	put(store, BL_API_SERVICE,
	    bl_asprintf("{\"metadata\":{\"name\":\"svc-%u\",\"namespace\":\"bench\","
			"\"resourceVersion\":\"%u\",\"uid\":\"uid-%u\"},"
			"\"spec\":{\"clusterIP\":\"%s\",\"clusterIPs\":[\"%s\"],"
			"\"ipFamilies\":[\"IPv4\"],\"ports\":[{\"name\":\"http\",\"port\":80,"
			"\"protocol\":\"TCP\",\"targetPort\":8080}]}}",
			i, i + 1, i, bl_ip_format(&vip, ip), ip));
}

static void put_slice(const struct bench *b, struct bl_store *store, uint32_t i)
{
	struct bl_buf text = {};

	bl_buf_printf(&text,
		      "{\"metadata\":{\"name\":\"svc-%u-x\",\"namespace\":\"bench\","
		      "\"resourceVersion\":\"%u\",\"uid\":\"slice-%u\",\"labels\":"
		      "{\"kubernetes.io/service-name\":\"svc-%u\"}},\"addressType\":\"IPv4\","
		      "\"ports\":[{\"name\":\"http\",\"port\":8080,\"protocol\":\"TCP\"}],"
		      "\"endpoints\":[",
		      i, i + 1, i, i);
	for (uint32_t k = 0; k < b->each; k++) {
		struct bl_ip ip = ip4(FIRST_ADDR + i * b->each + k);
		char buf[BL_IP_STRLEN];

		bl_buf_printf(&text,
			      "%s{\"addresses\":[\"%s\"],\"conditions\":{\"ready\":true,"
			      "\"serving\":true},\"nodeName\":\"node-%u\"}",
			      k ? "," : "", bl_ip_format(&ip, buf), k);
	}
	bl_buf_printf(&text, "]}");
	put(store, BL_API_ENDPOINTSLICE, text.data);
}

static void sync_store(struct bl_store *store, struct bl_datapath *dp,
		       struct stopwatch *ret_compile)
{
	static const struct bl_cidr range = {{4, {10, 96}}, 12};
	static const struct bl_compile_config config = {.node = NODE, .service_cidrs = {&range, 1}};
	const struct bl_store_service *dirty[TURN];
	struct bl_desired_service *wants[TURN];
	size_t written = 0;

	*ret_compile = (struct stopwatch){};
	while (bl_store_dirty_count(store)) {
		BL_ARENA struct bl_arena *arena = bl_arena_new(65536);
		struct stopwatch start = start_watch();
		size_t n = bl_store_dirty_services(store, dirty, TURN);

		for (size_t i = 0; i < n; i++)
			wants[i] = bl_compile_service(store, &config, dirty[i], arena);
		start = stop_watch(start);
		ret_compile->wall += start.wall;
		ret_compile->cpu += start.cpu;
		bl_datapath_set_services(dp, wants, n, must_be_written, &written);
		for (size_t i = 0; i < n; i++)
			bl_store_clean(store, dirty[i]);
	}
}

static void bench_store(struct bench *b)
{
	struct stopwatch took[RUNS], compile[RUNS], start = start_watch();
	struct bl_store *store = bl_store_new();

	for (uint32_t i = 0; i < b->services; i++) {
		put_service(store, i);
		put_slice(b, store, i);
	}
	report(b, "decode", stop_watch(start));
	for (int i = 0; i < RUNS; i++) {
		struct bl_datapath *dp = open_dp(b);

		bl_store_touch_all_services(store);
		start = start_watch();
		sync_store(store, dp, &compile[i]);
		took[i] = stop_watch(start);
		close_dp(b, dp, true);
	}
	report(b, "store_to_kernel", median(took));
	report(b, "of_it_compile", median(compile));
	bl_store_free(store);
}

static size_t heap(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void bench_memory(struct bench *b)
{
	struct bl_datapath *dp = open_dp(b);
	size_t before = heap(), n = 0;

	for (uint32_t i = 0; i < b->services; i++) {
		BL_ARENA struct bl_arena *arena = bl_arena_new(4096);
		struct bl_desired_service *want = wish(b, arena, i, b->each * i);

		bl_datapath_set_services(dp, &want, 1, must_be_written, &n);
	}
	report_count(b, "heap_bytes", heap() - before);
	close_dp(b, dp, true);
}

static void print(const struct bench *b)
{
	const char *key;
	json_t *value;

	json_object_foreach (b->out, key, value) {
		if (json_is_object(value))
			printf("%-16s %8.1f ms, %8.1f ms of CPU\n", key,
			       (double)json_integer_value(json_object_get(value, "wall_ns")) / 1e6,
			       (double)json_integer_value(json_object_get(value, "cpu_ns")) / 1e6);
		else
			printf("%-16s %8lld\n", key, (long long)json_integer_value(value));
	}
}

int main(int argc, char **argv)
{
	bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
	struct bench *b = &bench;

	argv += json;
	argc -= json;
	if (argc > 1)
		b->services = (uint32_t)atoi(argv[1]);
	if (argc > 2 && b->services)
		b->each = (uint32_t)atoi(argv[2]) / b->services;
	if (!b->services || !b->each)
		die("usage: change_bench [--json] [SERVICES [ENDPOINTS]]");
	(void)atexit(leave);
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	if (!sandbox_enter(&b->box))
		return 1;
	b->out = json_object();
	report_count(b, "services", b->services);
	report_count(b, "endpoints", (uint64_t)b->services * b->each);
	bench_desired(b);
	bench_store(b);
	bench_memory(b);
	if (json)
		(void)json_dumpf(b->out, stdout, JSON_INDENT(2)), puts("");
	else
		print(b);
	json_decref(b->out);
	return fflush(stdout) ? 1 : 0;
}
