// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The agent's configuration: what is read, and how what is wrong is named.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/config.h"
#include "base/file.h"
#include "base/mem.h"

/* Loads a text as a file; the error is without the file's name. */
static int load(const char *text, struct bl_agent_config **ret, char error[1000])
{
	char path[] = "/tmp/beeline-config-test-XXXXXX";
	struct bl_err err = {};
	int fd = mkstemp(path), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	rc = bl_agent_config_load(path, ret, &err);
	unlink(path);
	error[0] = '\0';
	if (rc) {
		assert_non_null(strstr(err.text, path));
		strcpy(error, err.text + strlen(path) + 2);
	}
	return rc;
}

static void every_key_is_read(void **state)
{
	BL_AGENT_CONFIG struct bl_agent_config *c = NULL;
	char error[1000];

	(void)state;
	assert_int_equal(
		load("nodeName: rack-1.n3\nkubeconfig: /k\nrunDir: /r\nstateDir: /s\nbpfDir: /b\n"
		     "cgroup: /c\nuplinks: [eth0, eth1]\nserviceCIDRs: [10.96.0.0/16]\n"
		     "clusterCIDRs: [10.244.0.0/16, 'fd00:10:244::/56']\nnodePorts: 31000-31999\n"
		     "snatPorts: 50000-50999\nmasquerade: false\nrouting: bgp\n"
		     "bgp: {asn: 4200000001, routerID: 1.2.3.4, birdSocket: /x, birdConfig: /y, "
		     "mesh: true, peers: [{name: tor_1, address: 'fd00::1', asn: 64512, "
		     "password: secret}]}\ncni: {confDir: /n, mtu: 9000}\n"
		     "maps: {flow4: 1024}\nlogLevel: debug\nexternalIPs: true\n"
		     "xdp: generic\nlbAlgorithm: random\nmaglevSize: 65537\nforwarding: dsr\n"
		     "nodePortAddresses: [192.0.2.0/24, '::1/128']\n",
		     &c, error),
		0);
	assert_string_equal(c->compile.node, "rack-1.n3");
	assert_string_equal(c->kubeconfig, "/k");
	assert_string_equal(c->cgroup, "/c");
	assert_int_equal(c->uplinks.count, 2);
	assert_string_equal(c->uplinks.list[1], "eth1");
	assert_int_equal(c->compile.cluster_cidrs.count, 2);
	assert_int_equal(c->compile.cluster_cidrs.list[1].len, 56);
	assert_int_equal(c->compile.node_ports.first, 31000);
	assert_int_equal(c->compile.snat_ports.last, 50999);
	assert_false(c->compile.masquerade);
	assert_true(c->compile.external_ips);
	assert_int_equal(c->compile.lb, BL_LB_RANDOM);
	assert_int_equal(c->compile.maglev_size, 65537);
	assert_true(c->compile.dsr);
	assert_int_equal(c->xdp, BL_XDP_GENERIC);
	assert_int_equal(c->compile.node_port_addresses.count, 2);
	assert_int_equal(c->compile.routing, BL_ROUTING_BGP);
	assert_int_equal(c->compile.asn, 4200000001u);
	assert_true(c->compile.mesh);
	assert_int_equal(c->compile.peers[0].ip.family, 6);
	assert_string_equal(c->compile.peers[0].password, "secret");
	assert_int_equal(c->cni_mtu, 9000);
	assert_string_equal(c->map_sizes[0].name, "flow4");
	assert_int_equal(c->map_sizes[0].entries, 1024);
	assert_int_equal(c->log_level, BL_LOG_DEBUG);
}

static void defaults_are_those_of_a_cluster(void **state)
{
	BL_AGENT_CONFIG struct bl_agent_config *c = NULL;
	char error[1000];

	(void)state;
	assert_int_equal(load("nodeName: n1\n", &c, error), 0);
	assert_null(c->kubeconfig);
	assert_string_equal(c->bpf_dir, "/sys/fs/bpf/beeline");
	assert_int_equal(c->compile.node_ports.first, 30000);
	assert_int_equal(c->compile.node_ports.last, 32767);
	assert_int_equal(c->compile.snat_ports.first, 61000);
	assert_int_equal(c->compile.routing, BL_ROUTING_DIRECT);
	assert_true(c->compile.masquerade);
	assert_false(c->compile.external_ips);
	assert_int_equal(c->compile.lb, BL_LB_MAGLEV);
	assert_int_equal(c->compile.maglev_size, 16381);
	assert_false(c->compile.dsr);
	assert_int_equal(c->compile.node_port_addresses.count, 0);
}

static void what_is_wrong_is_named_by_its_key(void **state)
{
	static const char *const cases[][2] = {
		{"nodename: n1\n", "nodename: no such key"},
		{"nodeName: N1\n", "nodeName: 'N1' is not a node's name"},
		{"runDir: run\n", "runDir: 'run' must be an absolute path"},
		{"runDir: 7\n", "runDir: must be a text that is not empty"},
		{"uplinks: eth0\n", "uplinks: must be a list"},
		{"uplinks: [a-name-that-is-too-long]\n",
		 "uplinks: [0]: 'a-name-that-is-too-long' is not an interface name"},
		{"serviceCIDRs: [10.96.0.1/16]\n",
		 "serviceCIDRs: [0]: '10.96.0.1/16' is not a prefix"},
		{"nodePorts: 3-2\n", "nodePorts: '3-2' is not a port range as in 30000-32767"},
		{"nodePorts: 30000-70000\n",
		 "nodePorts: '30000-70000' is not a port range as in 30000-32767"},
		{"snatPorts: 32000-33000\n", "snatPorts: overlaps nodePorts"},
		{"masquerade: 1\n", "masquerade: must be true or false"},
		{"lbAlgorithm: best\n", "lbAlgorithm: must be maglev or random"},
		{"xdp: maybe\n", "xdp: must be auto, native, generic or off"},
		{"xdp: true\n", "xdp: must be auto, native, generic or off"},
		{"forwarding: nat\n", "forwarding: must be dsr or snat"},
		{"maglevSize: 1\n", "maglevSize: 1 out of range 2 to 131071"},
		{"maglevSize: 16384\n", "maglevSize: 16384 is no prime; the next is 16411"},
		{"routing: ospf\n", "routing: must be bgp or direct"},
		{"routing: bgp\n", "bgp: asn: must be given with routing: bgp"},
		{"bgp: {asn: 0}\n", "bgp: asn: 0 out of range 1 to 4294967294"},
		{"bgp: {routerID: 'fd00::1'}\n",
		 "bgp: routerID: must be an IPv4 address that is not 0.0.0.0"},
		{"bgp: {peers: [{name: a, address: 10.0.0.1}]}\n",
		 "bgp: peers: [0]: asn: must be given"},
		{"bgp: {peers: [{name: 'a;', address: 10.0.0.1, asn: 1}]}\n",
		 "bgp: peers: [0]: name: must be 1 to 40 of lower case letters, digits and _"},
		{"bgp: {peers: [{name: a, address: 10.0.0.1, asn: 1}, {name: a, address: 10.0.0.2, "
		 "asn: 1}]}\n",
		 "bgp: peers: [1]: name 'a' is used twice"},
		{"bgp: {peers: [{name: a, address: 127.0.0.1, asn: 1}]}\n",
		 "bgp: peers: [0]: address: '127.0.0.1' is no neighbour's"},
		{"bgp: {peers: [{name: a, address: 10.0.0.1, asn: 1, password: 'a\"b'}]}\n",
		 "bgp: peers: [0]: password: must have 1 to 80 printable characters without quotes "
		 "and backslashes"},
		{"cni: {mtu: 1000}\n", "cni: mtu: 1000 out of range 1280 to 65535"},
		{"maps: {flows: 1}\n", "maps: flows: no such map"},
		{"maps: {flow4: 0}\n", "maps: flow4: 0 out of range 1 to 67108864"},
		{"logLevel: loud\n", "logLevel: must be error, warn, info or debug"},
		{"serviceCIDRs: [10.96.0.0/16]\nclusterCIDRs: [10.0.0.0/8]\n",
		 "serviceCIDRs: [0] overlaps clusterCIDRs"},
		{"a: [\n", "line 2 column 1: did not find expected node content"},
	};
	struct bl_agent_config *c = NULL;
	char error[1000];

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		assert_int_equal(load(cases[i][0], &c, error), -EINVAL);
		assert_string_equal(error, cases[i][1]);
		assert_null(c);
	}
}

static void a_missing_file_is_named(void **state)
{
	struct bl_agent_config *c = NULL;
	struct bl_err err = {};

	(void)state;
	assert_int_equal(bl_agent_config_load("/nonexistent/beelined.yaml", &c, &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/beelined.yaml: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(defaults_are_those_of_a_cluster),
		cmocka_unit_test(what_is_wrong_is_named_by_its_key),
		cmocka_unit_test(a_missing_file_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
