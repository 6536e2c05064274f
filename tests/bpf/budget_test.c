// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What the verifier has to do for each program, held against tests/bpf/budget.
 *
 * The kernel gives up at a million instructions, and at 512 bytes of stack over a chain of calls, and older kernels count differently: so
 * that we notice long before they do. Every program must have a line, and every line a program. Programs are verified as on a
 * node with all features, which is the larger form.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/host.skel.h"
#include "bpf/node.skel.h"
#include "bpf/pod.skel.h"
#include "bpf/sock.skel.h"
#include "bpf/xdp.skel.h"

#define BUDGET	  "tests/bpf/budget"
#define LOG_SIZE  65536
#define LOG_STATS 4

struct line {
	char program[64];
	unsigned long instructions;
	unsigned long frame;
	bool used;
};

struct budget {
	struct line line[32];
	size_t count;
};

static int read_budget(void **state)
{
	struct budget *b = calloc(1, sizeof(*b));
	FILE *f = fopen(BUDGET, "re");
	char text[256];

	assert_non_null(b);
	assert_non_null(f);
	while (fgets(text, sizeof(text), f)) {
		struct line *l = &b->line[b->count];

		if (text[0] == '#')
			continue;
		assert_int_equal(
			sscanf(text, "%63s %lu %lu", l->program, &l->instructions, &l->frame), 3);
		assert_true(++b->count < 32);
	}
	fclose(f);
	*state = b;
	return 0;
}

static int free_budget(void **state)
{
	free(*state);
	return 0;
}

static struct line *find(struct budget *b, const char *program)
{
	for (size_t i = 0; i < b->count; i++)
		if (!strcmp(b->line[i].program, program))
			return &b->line[i];
	fail_msg("%s has no line in " BUDGET, program);
	return NULL;
}

/* "stack depth 0+224+88" */
static unsigned long largest_frame(const char *log)
{
	const char *p = strstr(log, "stack depth ");
	unsigned long largest = 0;

	assert_non_null(p);
	for (p += strlen("stack depth "); *p >= '0' && *p <= '9';) {
		char *end;
		unsigned long frame = strtoul(p, &end, 10);

		largest = frame > largest ? frame : largest;
		p = *end == '+' ? end + 1 : end;
	}
	return largest;
}

static void check(struct budget *b, const char *program, const char *log)
{
	const char *p = strstr(log, "processed ");
	struct line *l = find(b, program);
	unsigned long instructions, frame;

	assert_non_null(p);
	instructions = strtoul(p + strlen("processed "), NULL, 10);
	frame = largest_frame(log);
	print_message("%-20s %8lu %5lu\n", program, instructions, frame);
	l->used = true;
	if (instructions > l->instructions || frame > l->frame)
		fail_msg("%s: %lu instructions, frame of %lu bytes", program, instructions, frame);
}

static void check_object(struct budget *b, struct bpf_object *obj)
{
	char *logs[16] = {};
	struct bpf_program *p;
	size_t n = 0;

	bpf_object__for_each_program(p, obj)
	{
		logs[n] = calloc(1, LOG_SIZE);
		assert_non_null(logs[n]);
		bpf_program__set_log_level(p, LOG_STATS);
		bpf_program__set_log_buf(p, logs[n++], LOG_SIZE);
		assert_true(n < 16);
	}
	assert_int_equal(bpf_object__load(obj), 0);
	n = 0;
	bpf_object__for_each_program(p, obj)
	{
		check(b, bpf_program__name(p), logs[n]);
		free(logs[n++]);
	}
}

static void programs_stay_in_their_budget(void **state)
{
	struct host_bpf *host = host_bpf__open();
	struct node_bpf *node = node_bpf__open();
	struct pod_bpf *pod = pod_bpf__open();
	struct sock_bpf *sock = sock_bpf__open();
	struct xdp_bpf *xdp = xdp_bpf__open();
	struct budget *b = *state;

	assert_non_null(host);
	assert_non_null(node);
	assert_non_null(pod);
	assert_non_null(sock);
	assert_non_null(xdp);
	check_object(b, host->obj);
	check_object(b, node->obj);
	check_object(b, pod->obj);
	check_object(b, sock->obj);
	check_object(b, xdp->obj);
	host_bpf__destroy(host);
	node_bpf__destroy(node);
	pod_bpf__destroy(pod);
	sock_bpf__destroy(sock);
	xdp_bpf__destroy(xdp);
	for (size_t i = 0; i < b->count; i++)
		if (!b->line[i].used)
			fail_msg("%s: a line without a program", b->line[i].program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_stay_in_their_budget),
	};

	return cmocka_run_group_tests(tests, read_budget, free_budget);
}
