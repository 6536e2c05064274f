// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The stage for tests of the packet programs.
 *
 * A network namespace that the test process owns: the links and routes are real, so that bpf_fib_lookup() finds what it would find
 * on a node. Nothing is pinned, and everything goes away with the process. Packets are run in rig_run.c.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "beeline/config.h"
#include "netns.h"
#include "rig_priv.h"

static const char *const map_names[] = {
#define MAP_NAME(name, ...) #name,
	BL_MAPS(MAP_NAME)
#undef MAP_NAME
};

static const char *const addrs[WHO_COUNT][2] = {
	[ALICE] = {"10.1.0.2", "fd00:1::2"},	  [BOB] = {"10.1.0.3", "fd00:1::3"},
	[CAROL] = {"10.2.0.2", "fd00:2::2"},	  [NODE] = {"192.0.2.1", "2001:db8::1"},
	[OTHER] = {"192.0.2.2", "2001:db8::2"},	  [WORLD] = {"198.51.100.7", "2001:db8:f::7"},
	[SHOP] = {"10.96.0.10", "fd00:96::10"},	  [LOST] = {"10.96.0.99", "fd00:96::99"},
	[MARKET] = {"10.96.0.20", "fd00:96::20"}, [BALANCER] = {"203.0.113.8", "2001:db8:e::8"},
};

static const uint8_t macs[WHO_COUNT][6] = {
	[ALICE] = {2, 0, 0, 0, 0, 0xa},	 [BOB] = {2, 0, 0, 0, 0, 0xb},
	[CAROL] = {2, 0, 0, 0, 0, 0xf},	 [NODE] = {2, 0, 0, 0, 0, 1},
	[OTHER] = {2, 0, 0, 0, 0, 0xf},	 [WORLD] = {2, 0, 0, 0, 0, 0xf},
	[SHOP] = {2, 0, 0, 0, 0, 0xf},	 [LOST] = {2, 0, 0, 0, 0, 0xf},
	[MARKET] = {2, 0, 0, 0, 0, 0xf},
};

static const char *const links[3] = {"pa0", "pb0", "up0"};

static const char setup[] = "link set lo up\n"
			    "link add pa0 type veth peer name pa1\n"
			    "link add pb0 type veth peer name pb1\n"
			    "link add up0 type veth peer name up1\n"
			    "link set pa0 up\nlink set pa1 up\nlink set pb0 up\nlink set pb1 up\n"
			    "link set up0 up\nlink set up1 up\n"
			    "addr add 192.0.2.1/24 dev up0\n"
			    "addr add 2001:db8::1/64 dev up0 nodad\n"
			    "neigh add 192.0.2.2 lladdr 02:00:00:00:00:0f dev up0 nud permanent\n"
			    "neigh add 2001:db8::2 lladdr 02:00:00:00:00:0f dev up0 nud permanent\n"
			    "route add 10.1.0.2/32 dev pa0\nroute add 10.1.0.3/32 dev pb0\n"
			    "route add fd00:1::2/128 dev pa0\nroute add fd00:1::3/128 dev pb0\n"
			    "route add default via 192.0.2.2\n"
			    "route add default via 2001:db8::2\n";

void rig_addr(int family, enum who who, uint8_t ret_addr[16])
{
	memset(ret_addr, 0, 16);
	assert_int_equal(
		inet_pton(family == 4 ? AF_INET : AF_INET6, addrs[who][family == 6], ret_addr), 1);
}

const uint8_t *rig_mac(enum who who)
{
	return macs[who];
}

static void make_links(struct rig *r)
{
	netns_new(setup);
	for (int i = 0; i < 3; i++) {
		r->link[i] = if_nametoindex(links[i]);
		assert_int_not_equal(r->link[i], 0);
	}
}

/* The programs of one object over the maps of the first. */
static void share_maps(const struct rig *r, const struct bpf_object *obj)
{
	for (int i = 0; i < MAP_COUNT; i++)
		assert_int_equal(bpf_map__reuse_fd(bpf_object__find_map_by_name(obj, map_names[i]),
						   r->map[i]),
				 0);
}

/* Services have their addresses in 10.96.0.0/16 and fd00:96::/32. */
static void load_node(struct rig *r, bool count)
{
	assert_non_null(r->node);
	r->node->rodata->bl_has_kern_ctx = r->in_place;
	r->node->rodata->bl_count_lookups = count;
	memcpy((void *)r->node->rodata->bl_services4, (uint8_t[8]){10, 96, 0, 0, 0xff, 0xff}, 8);
	memcpy((void *)r->node->rodata->bl_services6,
	       (uint8_t[32]){0xfd, 0, 0, 0x96, [16] = 0xff, 0xff, 0xff, 0xff}, 32);
	share_maps(r, r->node->obj);
	assert_int_equal(node_bpf__load(r->node), 0);
}

static bool kernel_has(const char *func)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, func, BTF_KIND_FUNC) : -1;

	btf__free(btf);
	return id > 0;
}

struct rig *rig_new_sized(bool in_place, bool count, uint32_t flows)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	make_links(r);
	r->in_place = in_place && kernel_has("bpf_cast_to_kern_ctx");
	r->pod = pod_bpf__open();
	r->host = host_bpf__open();
	r->node = node_bpf__open();
	assert_non_null(r->pod);
	assert_non_null(r->host);
	r->pod->rodata->bl_has_kern_ctx = r->in_place;
	r->host->rodata->bl_has_kern_ctx = r->in_place;
	r->pod->rodata->bl_count_lookups = count;
	r->host->rodata->bl_count_lookups = count;
	bpf_map__set_max_entries(r->pod->maps.flow4, flows);
	bpf_map__set_max_entries(r->pod->maps.flow6, flows);
	assert_int_equal(pod_bpf__load(r->pod), 0);
	for (int i = 0; i < MAP_COUNT; i++) {
		r->map[i] = bpf_object__find_map_fd_by_name(r->pod->obj, map_names[i]);
		assert_true(r->map[i] >= 0);
	}
	share_maps(r, r->host->obj);
	assert_int_equal(host_bpf__load(r->host), 0);
	load_node(r, count);
	rig_reset(r);
	return r;
}

struct rig *rig_new_with(bool in_place)
{
	return rig_new_sized(in_place, true, 4096);
}

struct rig *rig_new(void)
{
	return rig_new_with(true);
}

uint32_t rig_link(const struct rig *r, enum who from)
{
	return r->link[from == ALICE ? 0 : from == BOB ? 1 : 2];
}

bool rig_in_place(const struct rig *r)
{
	return r->in_place;
}

struct rig *rig_free(struct rig *r)
{
	if (r) {
		pod_bpf__destroy(r->pod);
		host_bpf__destroy(r->host);
		node_bpf__destroy(r->node);
		free(r);
	}
	return NULL;
}

int rig_prog(const struct rig *r, enum hook hook)
{
	switch (hook) {
	case HOOK_POD:
		return bpf_program__fd(r->pod->progs.bl_pod_ingress);
	case HOOK_HOST:
		return bpf_program__fd(r->host->progs.bl_host_ingress);
	default:
		return bpf_program__fd(r->node->progs.bl_node_egress);
	}
}

static void attach(uint32_t link, enum bpf_tc_attach_point point, int fd)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)link, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = fd);

	assert_int_equal(bpf_tc_attach(&hook, &opts), 0);
}

void rig_attach(struct rig *r)
{
	for (int i = 0; i < 3; i++) {
		LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)r->link[i],
			    .attach_point = BPF_TC_INGRESS);

		assert_int_equal(bpf_tc_hook_create(&hook), 0);
		attach(r->link[i], BPF_TC_INGRESS, rig_prog(r, i < 2 ? HOOK_POD : HOOK_HOST));
		attach(r->link[i], BPF_TC_EGRESS, rig_prog(r, HOOK_NODE));
	}
}

static void empty(int fd)
{
	uint8_t key[64];

	while (!bpf_map_get_next_key(fd, NULL, key))
		assert_int_equal(bpf_map_delete_elem(fd, key), 0);
}

/* An endpoint has its place in near4/6 as the agent gives it one. */
static void put_near(const struct rig *r, enum map_row map, const void *addr, const void *ep)
{
	struct bl_near4 near4 = {};
	struct bl_near6 near6 = {};
	uint32_t index;

	if (map == MAP_endpoint4) {
		memcpy(&near4.ep, ep, sizeof(near4.ep));
		memcpy(&near4.addr, addr, 4);
		index = ntohl(near4.addr.w[0]) & (BL_NEAR_SIZE - 1);
		assert_int_equal(bpf_map_update_elem(r->map[MAP_near4], &index, &near4, 0), 0);
	} else {
		memcpy(&near6.ep, ep, sizeof(near6.ep));
		memcpy(&near6.addr, addr, 16);
		index = ntohl(near6.addr.w[3]) & (BL_NEAR_SIZE - 1);
		assert_int_equal(bpf_map_update_elem(r->map[MAP_near6], &index, &near6, 0), 0);
	}
}

static void put(const struct rig *r, enum map_row map, const void *key, const void *value)
{
	assert_int_equal(bpf_map_update_elem(r->map[map], key, value, BPF_ANY), 0);
	if (map == MAP_endpoint4 || map == MAP_endpoint6)
		put_near(r, map, key, value);
}

static enum map_row row_of(const char *map)
{
	for (size_t i = 0; i < sizeof(map_names) / sizeof(*map_names); i++) {
		if (!strcmp(map_names[i], map))
			return (enum map_row)i;
	}
	fail_msg("no map %s", map);
	return 0;
}

int rig_map(const struct rig *r, const char *map)
{
	return r->map[row_of(map)];
}

void rig_put(const struct rig *r, const char *map, const void *key, const void *value)
{
	put(r, row_of(map), key, value);
}

void rig_get(const struct rig *r, const char *map, const void *key, void *ret_value)
{
	assert_int_equal(bpf_map_lookup_elem(r->map[row_of(map)], key, ret_value), 0);
}

uint32_t rig_take_slots(struct rig *r, uint32_t n)
{
	uint32_t first = r->slots;

	r->slots += n;
	return first;
}

static void put_endpoint(struct rig *r, enum who who, uint32_t link, uint32_t flags)
{
	struct bl_endpoint ep = {.ifindex = link, .flags = flags};
	uint8_t addr[16];

	if (link) {
		memcpy(ep.mac, macs[who], 6);
		memcpy(ep.host_mac, macs[who], 6);
		ep.host_mac[1] = 0xee;
	}

	rig_addr(4, who, addr);
	put(r, MAP_endpoint4, addr, &ep);
	rig_addr(6, who, addr);
	put(r, MAP_endpoint6, addr, &ep);
}

static void put_prefix(struct rig *r, const char *addr, uint32_t len, uint32_t flags)
{
	struct bl_prefix value = {.flags = flags};
	struct bl_prefix6_key key6 = {.len = len};
	struct bl_prefix4_key key4 = {.len = len};

	if (inet_pton(AF_INET, addr, &key4.addr) == 1) {
		put(r, MAP_prefix4, &key4, &value);
	} else {
		assert_int_equal(inet_pton(AF_INET6, addr, &key6.addr), 1);
		put(r, MAP_prefix6, &key6, &value);
	}
}

/* The places of the cast. */
static void empty_near(struct rig *r)
{
	const struct bl_endpoint none = {};
	uint8_t addr[16];

	for (int who = 0; who < WHO_COUNT; who++) {
		rig_addr(4, (enum who)who, addr);
		put_near(r, MAP_endpoint4, addr, &none);
		rig_addr(6, (enum who)who, addr);
		put_near(r, MAP_endpoint6, addr, &none);
	}
}

static struct bl_config get_config(struct rig *r)
{
	struct bl_config cfg;
	uint32_t zero = 0;

	assert_int_equal(bpf_map_lookup_elem(r->map[MAP_config], &zero, &cfg), 0);
	return cfg;
}

void rig_ports(struct rig *r, uint16_t first, uint16_t last)
{
	struct bl_config cfg = get_config(r);
	uint32_t zero = 0;

	cfg.snat_port_first = first;
	cfg.snat_port_last = last;
	put(r, MAP_config, &zero, &cfg);
}

static void put_config(struct rig *r)
{
	struct bl_config cfg = {
		.snat_port_first = 61000,
		.snat_port_last = 65000,
		.nodeport_first = 30000,
		.nodeport_last = 32767,
		.flags = BL_CONFIG_MASQUERADE,
	};
	uint32_t zero = 0;

	rig_addr(4, NODE, (uint8_t *)&cfg.snat4);
	rig_addr(6, NODE, (uint8_t *)&cfg.snat6);
	put(r, MAP_config, &zero, &cfg);
}

void rig_reset(struct rig *r)
{
	static const enum map_row hashes[] = {
		MAP_service4,  MAP_service6,  MAP_endpoint4, MAP_endpoint6,
		MAP_prefix4,   MAP_prefix6,   MAP_flow4,     MAP_flow6,
		MAP_fragment4, MAP_fragment6, MAP_affinity4, MAP_affinity6,
	};

	for (size_t i = 0; i < sizeof(hashes) / sizeof(*hashes); i++)
		empty(r->map[hashes[i]]);
	empty_near(r);
	put_config(r);
	put_endpoint(r, ALICE, r->link[0], BL_ENDPOINT_POD);
	put_endpoint(r, BOB, r->link[1], BL_ENDPOINT_POD);
	put_endpoint(r, NODE, 0, BL_ENDPOINT_HOST | BL_ENDPOINT_NODEPORT);
	put_prefix(r, "10.0.0.0", 12, BL_PREFIX_CLUSTER);
	put_prefix(r, "192.0.2.0", 24, BL_PREFIX_CLUSTER);
	put_prefix(r, "10.96.0.0", 16, BL_PREFIX_SERVICE);
	put_prefix(r, "fd00:1::", 32, BL_PREFIX_CLUSTER);
	put_prefix(r, "fd00:2::", 32, BL_PREFIX_CLUSTER);
	put_prefix(r, "2001:db8::", 64, BL_PREFIX_CLUSTER);
	put_prefix(r, "fd00:96::", 32, BL_PREFIX_SERVICE);
	put_prefix(r, "203.0.113.8", 32, BL_PREFIX_SERVICE);
	put_prefix(r, "2001:db8:e::8", 128, BL_PREFIX_SERVICE);
}

uint32_t rig_translated(struct rig *r, int family, enum who pod)
{
	struct bl_endpoint ep;
	uint8_t addr[16];

	rig_addr(family, pod, addr);
	if (family == 4) {
		struct bl_near4 near4;
		uint32_t index = (uint32_t)(addr[2] << 8 | addr[3]) & (BL_NEAR_SIZE - 1);

		rig_get(r, "near4", &index, &near4);
		ep = near4.ep;
	} else {
		struct bl_near6 near6;
		uint32_t index = (uint32_t)(addr[14] << 8 | addr[15]) & (BL_NEAR_SIZE - 1);

		rig_get(r, "near6", &index, &near6);
		ep = near6.ep;
	}
	return ep.translated;
}

unsigned int rig_flows(struct rig *r, int family)
{
	int fd = r->map[family == 4 ? MAP_flow4 : MAP_flow6];
	uint8_t key[64], *last = NULL;
	unsigned int n = 0;

	for (; !bpf_map_get_next_key(fd, last, key); last = key)
		n++;
	return n;
}

/* Keys first: an update puts the entry at its bucket's head, where a walk would meet it again and again. */
void rig_age_flows(struct rig *r, int family, uint64_t seconds)
{
	int fd = r->map[family == 4 ? MAP_flow4 : MAP_flow6];
	uint8_t(*keys)[64] = calloc(rig_flows(r, family) + 1, sizeof(*keys));
	struct bl_flow f;
	unsigned int n = 0;

	assert_non_null(keys);
	while (!bpf_map_get_next_key(fd, n ? keys[n - 1] : NULL, keys[n]))
		n++;
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(bpf_map_lookup_elem(fd, keys[i], &f), 0);
		f.seen_ns -= seconds * 1000000000u;
		assert_int_equal(bpf_map_update_elem(fd, keys[i], &f, BPF_EXIST), 0);
	}
	free(keys);
}

struct frame rig_frame(int family, enum who from, enum who to, uint8_t proto, uint16_t sport,
		       uint16_t dport)
{
	struct frame f = {.family = family, .proto = proto, .sport = sport, .dport = dport};

	rig_addr(family, from, f.saddr);
	rig_addr(family, to, f.daddr);
	memcpy(f.src_mac, macs[from], 6);
	memcpy(f.dst_mac,
	       macs[from == NODE		   ? OTHER
		    : from == ALICE || from == BOB ? from
						   : NODE],
	       6);
	if (from == ALICE || from == BOB)
		f.dst_mac[1] = 0xee;
	f.size = 20;
	return f;
}
