// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Services and their backends in the rig's maps.
 */

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static void put_service(struct rig *r, int family, const uint8_t *addr, uint16_t port,
			uint8_t proto, uint8_t scope, const struct bl_service *value)
{
	struct bl_service4_key key4 = {.port = htons(port), .proto = proto, .scope = scope};
	struct bl_service6_key key6 = {.port = htons(port), .proto = proto, .scope = scope};

	memcpy(&key4.addr, addr, 4);
	memcpy(&key6.addr, addr, 16);
	if (family == 4)
		rig_put(r, "service4", &key4, value);
	else
		rig_put(r, "service6", &key6, value);
}

/* Each frontend has slots of its own. */
static struct bl_service with_slots(struct rig *r, uint16_t port, uint32_t slots,
				    const uint32_t *backends)
{
	struct bl_service svc = {
		.id = port, .first_slot = rig_take_slots(r, slots), .slot_count = slots};

	for (uint32_t i = 0; i < slots; i++) {
		uint32_t index = svc.first_slot + i;

		rig_put(r, "slot", &index, &backends[i]);
	}
	return svc;
}

void rig_service(struct rig *r, int family, enum who vip, uint16_t port, uint8_t proto,
		 uint32_t slots, const uint32_t *backends)
{
	struct bl_service svc = with_slots(r, port, slots, backends);
	uint8_t addr[16];

	rig_addr(family, vip, addr);
	put_service(r, family, addr, port, proto, BL_SCOPE_CLUSTER, &svc);
}

void rig_nodeport_outside(struct rig *r, int family, uint16_t port, uint8_t proto, uint32_t slots,
			  const uint32_t *backends)
{
	struct bl_service svc = with_slots(r, port, slots, backends);

	put_service(r, family, (uint8_t[16]){}, port, proto, BL_SCOPE_NODEPORT_EXTERNAL, &svc);
}

void rig_nodeport(struct rig *r, int family, uint16_t port, uint8_t proto, uint32_t slots,
		  const uint32_t *backends)
{
	struct bl_service svc = with_slots(r, port, slots, backends);

	put_service(r, family, (uint8_t[16]){}, port, proto, BL_SCOPE_NODEPORT, &svc);
	rig_nodeport_outside(r, family, port, proto, slots, backends);
}

void rig_balancer(struct rig *r, int family, enum who vip, uint16_t port, uint8_t proto,
		  uint32_t slots, const uint32_t *backends)
{
	struct bl_service svc = with_slots(r, port, slots, backends);
	uint8_t addr[16];

	rig_addr(family, vip, addr);
	put_service(r, family, addr, port, proto, BL_SCOPE_CLUSTER, &svc);
	put_service(r, family, addr, port, proto, BL_SCOPE_EXTERNAL, &svc);
}

void rig_affinity(struct rig *r, int family, enum who vip, uint16_t port, uint8_t proto,
		  uint8_t scope, uint32_t seconds)
{
	struct bl_service6_key key = {.port = htons(port), .proto = proto, .scope = scope};
	struct bl_service4_key key4 = {.port = htons(port), .proto = proto, .scope = scope};
	struct bl_service svc;

	if (vip != WHO_COUNT)
		rig_addr(family, vip, (uint8_t *)&key.addr);
	memcpy(&key4.addr, &key.addr, sizeof(key4.addr));
	if (family == 4)
		rig_get(r, "service4", &key4, &svc);
	else
		rig_get(r, "service6", &key, &svc);
	svc.affinity_s = seconds & 0xffffff;
	put_service(r, family, (const uint8_t *)&key.addr, port, proto, scope, &svc);
}

void rig_own(struct rig *r, int family, enum who vip)
{
	struct bl_service svc = {};
	uint8_t addr[16];

	rig_addr(family, vip, addr);
	put_service(r, family, addr, 0, 0, BL_SCOPE_ADDR, &svc);
}

void rig_backend(struct rig *r, uint32_t id, int family, enum who pod, uint16_t port, uint8_t proto,
		 uint32_t generation)
{
	struct bl_backend b = {
		.port = htons(port),
		.proto = proto,
		.flags = (uint8_t)(BL_BACKEND_LIVE | (family == 6 ? BL_BACKEND_V6 : 0)),
		.generation = generation,
	};

	rig_addr(family, pod, (uint8_t *)&b.addr);
	rig_put(r, "backend", &id, &b);
}

void rig_backend_gone(struct rig *r, uint32_t id)
{
	struct bl_backend b;

	rig_get(r, "backend", &id, &b);
	b.flags = 0;
	b.generation++;
	rig_put(r, "backend", &id, &b);
}
