// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Changes of Services that are refused or that fail half-way, and histories of both.
 */

#include "agent/datapath/services.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/wish.h"
#include "agent/datapath/grave.h"
#include "base/mem.h"

static void an_equal_wish_writes_nothing(void **state)
{
	struct world *w = *state;

	wish_set(w, "cart", "10.0.0.1:80=a>10.1.0.1:8080,~10.1.0.2:8080 10.0.0.1:81=b>");
	w->maps.calls = 0;
	assert_int_equal(
		wish_set(w, "cart", "10.0.0.1:80=a>10.1.0.1:8080,~10.1.0.2:8080 10.0.0.1:81=b>"),
		0);
	assert_int_equal(w->maps.calls, 0);
}

static void a_backend_change_is_one_write_of_the_frontend(void **state)
{
	struct world *w = *state;

	wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	w->maps.calls = 0;
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.3:8080"), 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080,10.1.0.3:8080");
	assert_int_equal(w->maps.calls, 4); /* new backend, slots, frontend, retired backend */
	assert_int_equal(w->maps.astray, 0);
}

/* The programs find a client's backend by halving the slots. */
static void affinity_orders_the_slots_by_backend(void **state)
{
	struct bl_service4_key key = {.port = htons(80), .proto = IPPROTO_TCP};
	struct world *w = *state;
	const struct bl_service *s;
	bl_slot last = 0;

	wish_set(w, "old", "10.0.0.9:80>10.1.0.3:1,10.1.0.1:1");
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80%>10.1.0.1:1,10.1.0.2:1,10.1.0.3:1"), 0);
	inet_pton(AF_INET, "10.0.0.1", &key.addr);
	s = fake_maps_get(&w->maps, BL_MAP_service4, &key);
	assert_int_equal(s->affinity_s, 60);
	assert_int_equal(s->slot_count, 3);
	for (uint32_t i = 0; i < s->slot_count; i++) {
		uint32_t index = s->first_slot + i;
		bl_slot slot = *(const bl_slot *)fake_maps_get(&w->maps, BL_MAP_slot, &index);

		assert_true(slot > last);
		last = slot;
	}
	w->maps.calls = 0;
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80%>10.1.0.1:1,10.1.0.2:1,10.1.0.3:1"), 0);
	assert_int_equal(w->maps.calls, 0);
}

/* How many of the frontend's slots name each of the backends 10.1.0.1 to 10.1.0.n. */
static uint32_t slots_by_backend(struct world *w, const char *front, uint32_t n, uint32_t *ret)
{
	struct bl_service4_key key = {.port = htons(80), .proto = IPPROTO_TCP};
	const struct bl_service *s;

	inet_pton(AF_INET, front, &key.addr);
	s = fake_maps_get(&w->maps, BL_MAP_service4, &key);
	memset(ret, 0, n * sizeof(*ret));
	for (uint32_t i = 0; i < s->slot_count; i++) {
		uint32_t index = s->first_slot + i;
		const bl_slot *slot = fake_maps_get(&w->maps, BL_MAP_slot, &index);
		const struct bl_backend *b = fake_maps_get(&w->maps, BL_MAP_backend, slot);

		assert_in_range(ntohl(b->addr.w[0]), 0x0a010001, 0x0a010000 + n);
		ret[ntohl(b->addr.w[0]) - 0x0a010001]++;
	}
	assert_int_equal(s->flags, BL_SERVICE_MAGLEV);
	return s->slot_count;
}

static void a_table_has_every_backend_in_its_share_of_slots(void **state)
{
	struct world *w = *state;
	struct bl_services_count count;
	uint32_t n[9];

	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80#>10.1.0.1:1,10.1.0.2:1,10.1.0.3:1"), 0);
	assert_int_equal(slots_by_backend(w, "10.0.0.1", 3, n), 7);
	for (uint32_t i = 0; i < 3; i++)
		assert_in_range(n[i], 2, 3);
	/* One that drains has its id, and no slot. */
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80#>10.1.0.1:1,~10.1.0.2:1,10.1.0.3:1"), 0);
	assert_int_equal(slots_by_backend(w, "10.0.0.1", 3, n), 7);
	assert_int_equal(n[1], 0);
	assert_int_equal(wish_backend_of(w, "10.1.0.2:1")->generation, 1);
	/* More backends than slots. */
	assert_int_equal(wish_set(w, "cart",
				  "10.0.0.1:80#>10.1.0.1:1,10.1.0.2:1,10.1.0.3:1,10.1.0.4:1,"
				  "10.1.0.5:1,10.1.0.6:1,10.1.0.7:1,10.1.0.8:1,10.1.0.9:1"),
			 0);
	assert_int_equal(slots_by_backend(w, "10.0.0.1", 9, n), 11);
	for (uint32_t i = 0; i < 9; i++)
		assert_in_range(n[i], 1, 2);
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80#>~10.1.0.1:1"), 0);
	assert_int_equal(slots_by_backend(w, "10.0.0.1", 1, n), 0);
	assert_int_equal(wish_set(w, "cart", ""), 0);
	wish_collect(w);
	bl_services_count(w->s, &count);
	assert_int_equal(count.backends + count.slots, 0);
	assert_null(wish_backend_of(w, "10.1.0.1:1"));
	assert_int_equal(w->maps.astray, 0);
}

static void a_table_and_chance_are_sets_of_their_own(void **state)
{
	struct world *w = *state;
	uint32_t n[2];

	assert_int_equal(wish_set(w, "cart",
				  "10.0.0.1:80=a>10.1.0.1:1,10.1.0.2:1 "
				  "10.0.0.2:80=a#>10.1.0.1:1,10.1.0.2:1"),
			 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>10.1.0.1:1,10.1.0.2:1");
	assert_int_equal(slots_by_backend(w, "10.0.0.2", 2, n), 7);
	wish_restart(w);
	assert_int_equal(wish_set(w, "cart",
				  "10.0.0.1:80=a>10.1.0.1:1,10.1.0.2:1 "
				  "10.0.0.2:80=a#>10.1.0.1:1,10.1.0.2:1"),
			 0);
	assert_int_equal(w->maps.calls, 0);
	/* From one to the other, without a moment without slots. */
	assert_int_equal(wish_set(w, "cart",
				  "10.0.0.1:80=a>10.1.0.1:1,10.1.0.2:1 "
				  "10.0.0.2:80=a>10.1.0.1:1,10.1.0.2:1"),
			 0);
	assert_string_equal(wish_follow(w, "10.0.0.2:80"), "cart>10.1.0.1:1,10.1.0.2:1");
	assert_int_equal(w->maps.astray, 0);
}

/* The port of the backend that a tunnel to the pod means for the first service, 0: none. */
static uint16_t member_port(struct world *w, const char *pod)
{
	struct bl_member_key key = {.service = 1};
	const uint32_t *id;

	inet_pton(AF_INET, pod, &key.addr);
	id = fake_maps_get(&w->maps, BL_MAP_member, &key);
	return id ? ntohs(((const struct bl_backend *)fake_maps_get(&w->maps, BL_MAP_backend, id))
				  ->port)
		  : 0;
}

static void tunnels_to_local_backends_are_known(void **state)
{
	struct world *w = *state;

	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80$>+10.1.0.1:81,+10.1.0.2:82,10.1.0.3:83"),
			 0);
	assert_int_equal(member_port(w, "10.1.0.1"), 81);
	assert_int_equal(member_port(w, "10.1.0.2"), 82);
	assert_int_equal(member_port(w, "10.1.0.3"), 0);
	wish_restart(w);
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80$>+10.1.0.1:81,+10.1.0.2:82,10.1.0.3:83"),
			 0);
	assert_int_equal(w->maps.calls, 0);
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80$>+10.1.0.1:91,10.1.0.3:83"), 0);
	assert_int_equal(member_port(w, "10.1.0.1"), 91);
	assert_int_equal(member_port(w, "10.1.0.2"), 0);
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80#>+10.1.0.1:91,10.1.0.3:83"), 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_member), 0);
}

static void a_tunnels_end_that_cannot_be_written_fails_its_service_alone(void **state)
{
	struct bl_member_key key = {.service = 1};
	struct world *w = *state;

	inet_pton(AF_INET, "10.1.0.2", &key.addr);
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80$>+10.1.0.1:81"), 0);
	w->maps.refuse_map = BL_MAP_member;
	w->maps.refuse_key = &key;
	w->maps.fail_code = -ENOSPC;
	assert_int_not_equal(wish_set(w, "cart", "10.0.0.1:80$>+10.1.0.1:81,+10.1.0.2:82"), 0);
	assert_non_null(strstr(w->err.text, "'member'"));
	w->maps.refuse_key = NULL;
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_member), 1);
	assert_int_equal(member_port(w, "10.1.0.1"), 81);
	assert_int_equal(wish_set(w, "cart", ""), 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_member), 0);
	assert_int_equal(w->maps.astray, 0);
}

static void members_of_nobody_are_swept(void **state)
{
	struct bl_member_key key = {.service = 9};
	struct world *w = *state;
	uint32_t id = 1;

	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80$>+10.1.0.1:81"), 0);
	fake_maps_put(&w->maps, BL_MAP_member, &key, &id);
	wish_restart(w);
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80$>+10.1.0.1:81"), 0);
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_member), 1);
	assert_int_equal(member_port(w, "10.1.0.1"), 81);
}

static void a_frontend_of_another_service_is_refused_by_name(void **state)
{
	struct world *w = *state;

	wish_set(w, "one", "10.0.0.1:80>10.1.0.1:8080");
	w->maps.calls = 0;
	assert_int_equal(wish_set(w, "two", "10.0.0.1:80>10.1.0.2:8080"), -EEXIST);
	assert_string_equal(w->err.text,
			    "frontend 10.0.0.1 port 80 TCP belongs to service 'shop/one'");
	assert_int_equal(w->maps.calls, 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "one>10.1.0.1:8080");
}

static void a_frontend_moves_between_sets_of_a_service_in_one_write(void **state)
{
	struct world *w = *state;

	wish_set(w, "cart", "10.0.0.1:80=a>10.1.0.1:8080");
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80=b>10.1.0.1:8080"), 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080");
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service_meta), 1);
	wish_collect(w);
	assert_int_equal(w->maps.astray, 0);
}

static void names_that_do_not_fit_are_refused(void **state)
{
	struct world *w = *state;

	assert_int_equal(
		wish_set_uid(w, "cart", "0123456789012345678901234567890123456789", "10.0.0.1:80>"),
		-EINVAL);
	assert_int_equal(w->maps.calls, 0);
}

/* "10.0.0.1:PORT>10.1.0.1:1,...": n backends of their own. */
static char *large(struct world *w, int port, int n)
{
	struct bl_buf b = {};
	char *text;

	bl_buf_printf(&b, "10.0.0.1:%d>", port);
	for (int i = 1; i <= n; i++)
		bl_buf_printf(&b, "10.1.%d.%d:1,", port, i);
	text = bl_arena_strdup(w->arena, b.data);
	bl_buf_free(&b);
	return text;
}

static void a_full_map_is_named_and_nothing_changes(void **state)
{
	struct world *w = *state;
	struct bl_services_count before, after;
	const char *had;

	wish_set(w, "one", large(w, 1, 40));
	had = wish_follow(w, "10.0.0.1:1");
	bl_services_count(w->s, &before);
	assert_int_equal(wish_set(w, "two", large(w, 2, 40)), -ENOSPC);
	assert_string_equal(w->err.text, "map 'backend' is full: 64 entries");
	bl_services_count(w->s, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_string_equal(wish_follow(w, "10.0.0.1:1"), had);
	assert_string_equal(wish_follow(w, "10.0.0.1:2"), "");
	assert_int_equal(wish_set(w, "three", large(w, 3, 20)), 0);
}

/* Every call of a change fails once, with one or with many calls in a row. */
static void a_failed_call_leaves_the_old_state_whole(void **state)
{
	static const char *const before =
		"10.0.0.1:80=a>10.1.0.1:1,10.1.0.2:1 10.0.0.1:81=b>10.1.0.9:1";
	static const char *const after =
		"10.0.0.1:80=a>10.1.0.2:1,10.1.0.3:1 10.0.0.2:82=c>10.1.0.4:1";

	for (unsigned int at = 1; at < 12; at++) {
		struct world *w = *state;
		int rc;

		assert_int_equal(wish_set(w, "cart", before), 0);
		wish_collect(w);
		w->maps.calls = 0;
		w->maps.fail_at = at;
		w->maps.fail_for = 1;
		rc = wish_set(w, "cart", after);
		w->maps.fail_at = 0;
		if (rc && !wish_follow(w, "10.0.0.2:82")[0])
			assert_string_equal(wish_follow(w, "10.0.0.1:80"),
					    "cart>10.1.0.1:1,10.1.0.2:1");
		wish_collect(w);
		assert_int_equal(wish_set(w, "cart", after), 0);
		wish_collect(w);
		assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>10.1.0.2:1,10.1.0.3:1");
		assert_string_equal(wish_follow(w, "10.0.0.1:81"), "");
		assert_string_equal(wish_follow(w, "10.0.0.2:82"), "cart>10.1.0.4:1");
		assert_int_equal(w->maps.astray, 0);
	}
}

static unsigned int next_random(unsigned int *seed, unsigned int below)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % below;
}

static const char *random_wish(struct world *w, unsigned int *seed, unsigned int svc)
{
	struct bl_buf b = {};
	const char *text;

	for (unsigned int p = 0; p < next_random(seed, 3); p++) {
		bl_buf_printf(&b, "10.0.0.%u:%u=p%u>", svc + 1, p + 1, p);
		for (unsigned int i = 1; i < 8; i++) {
			if (next_random(seed, 3) == 0)
				bl_buf_printf(&b, "%s10.1.0.%u:1,", next_random(seed, 5) ? "" : "~",
					      i);
		}
		bl_buf_putc(&b, ' ');
	}
	text = bl_arena_strdup(w->arena, b.data ? b.data : "");
	bl_buf_free(&b);
	return text;
}

/* Wishes, failures of one or many calls, and restarts, in any order: no packet astray, and in the end what was wished. */
static void any_history_ends_in_what_was_wished_last(void **state)
{
	struct world *w = *state;
	const char *wishes[4] = {"", "", "", ""};
	struct bl_services_count n;
	unsigned int seed = 7;

	for (int i = 0; i < 3000; i++) {
		unsigned int svc = next_random(&seed, 4);
		char name[2] = {(char)('a' + svc), '\0'};

		if (i % 16 == 0)
			bl_services_free(w->s), w->s = NULL;
		if (!w->s) {
			w->s = bl_services_new(&w->io);
			assert_int_equal(bl_services_load(w->s, &w->err), 0);
		}
		wishes[svc] = random_wish(w, &seed, svc);
		w->maps.calls = 0;
		w->maps.fail_at = next_random(&seed, 2) ? next_random(&seed, 12) : 0;
		w->maps.fail_for = next_random(&seed, 4);
		(void)wish_set(w, name, wishes[svc]);
		w->maps.fail_at = 0;
		w->maps.now_ms += next_random(&seed, BL_GRACE_MS);
		(void)bl_services_collect(w->s);
		assert_int_equal(w->maps.astray, 0);
	}
	wish_restart(w);
	for (unsigned int svc = 0; svc < 4; svc++)
		assert_int_equal(wish_set(w, (char[]){(char)('a' + svc), '\0'}, wishes[svc]), 0);
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	wish_collect(w);
	wish_restart(w);
	for (unsigned int svc = 0; svc < 4; svc++)
		assert_int_equal(wish_set(w, (char[]){(char)('a' + svc), '\0'}, ""), 0);
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	wish_collect(w);
	bl_services_count(w->s, &n);
	assert_int_equal(n.services + n.frontends + n.backends + n.slots, 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service4), 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service_meta), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wish_setup, wish_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_equal_wish_writes_nothing),
		TEST(a_backend_change_is_one_write_of_the_frontend),
		TEST(affinity_orders_the_slots_by_backend),
		TEST(a_table_has_every_backend_in_its_share_of_slots),
		TEST(a_table_and_chance_are_sets_of_their_own),
		TEST(tunnels_to_local_backends_are_known),
		TEST(a_tunnels_end_that_cannot_be_written_fails_its_service_alone),
		TEST(members_of_nobody_are_swept),
		TEST(a_frontend_of_another_service_is_refused_by_name),
		TEST(a_frontend_moves_between_sets_of_a_service_in_one_write),
		TEST(names_that_do_not_fit_are_refused),
		TEST(a_full_map_is_named_and_nothing_changes),
		TEST(a_failed_call_leaves_the_old_state_whole),
		TEST(any_history_ends_in_what_was_wished_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
