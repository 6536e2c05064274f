/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_COMPILE_POLICY_INTERNAL_H
#define BL_COMPILE_POLICY_INTERNAL_H

/*
 * What the files of policy share.
 *
 *	policy --> rules --> atoms <-- members -- pod, block --> class --.
 *	  |                                                              >--> cell
 *	pod of this node ----------------------------------------> set --'
 *
 * An atom is the smallest thing that a policy in force asks of a peer: a pair of selectors, an ipBlock, or "has a port of this
 * name". Atoms of policies that select no pod of this node do not exist.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define uthash_fatal(msg) abort()
#include <uthash.h>
#include <utlist.h>

#include "agent/compile/policy.h"

enum bl_atom_kind {
	BL_ATOM_PODS,
	BL_ATOM_BLOCK,
	BL_ATOM_PEER_PORT, /* the peer has a port of this name: egress */
	BL_ATOM_OWN_PORT,  /* the selected pod has: ingress; no member of any class */
};

/* A growing list of pointers. */
struct bl_list {
	void **items;
	size_t n, cap;
};

struct bl_atom {
	UT_hash_handle hh;
	uint32_t id;
	uint32_t refs; /* by rules in force */
	enum bl_atom_kind kind;
	struct bl_arena *arena;
	const char
		*namespace; /* PODS: the policy's own, where no namespace selector is; else NULL */
	const struct bl_api_selector *namespaces;
	const struct bl_api_selector *pods; /* NULL: every pod */
	struct bl_api_ip_block block;
	const char *port;
	uint8_t proto;
	bool doomed;	     /* in bl_policies.doomed_atoms */
	uint64_t mark;	     /* the class looked at has it */
	struct bl_list sets; /* whose rules name it */
	struct bl_list classes;
	char *key;
	size_t key_len;
};

/* What an address has of an atom. Whole words, so that lists of them compare as bytes. */
struct bl_member {
	struct bl_atom *atom;
	uint64_t port; /* PEER_PORT, OWN_PORT: the number; else 0 */
};

struct bl_members {
	struct bl_member *list; /* ordered by atom id and port */
	size_t n, cap;
};

struct bl_class_entry {
	UT_hash_handle hh;
	uint32_t id;
	uint32_t refs; /* addresses and prefixes */
	bool fresh;    /* its cells are not compiled yet */
	size_t n;
	struct bl_member members[];
};

struct bl_rule_port {
	uint8_t proto;
	uint16_t first, last;
	struct bl_atom *named; /* NULL: first to last */
};

struct bl_rule {
	struct bl_atom **peers; /* none: everyone */
	size_t n_peers;
	struct bl_rule_port *ports; /* none: everything */
	size_t n_ports;
};

/* A policy in force, as atoms. Of one version of its object; sets keep it. */
struct bl_rules {
	uint64_t serial;
	uint32_t refs; /* by sets */
	struct bl_arena *arena;
	struct bl_policy_entry *owner; /* NULL: its object is another one now, or gone */
	struct bl_rule *dir[2];
	size_t n[2];
};

struct bl_cell_entry {
	UT_hash_handle hh;
	uint32_t class;
	enum bl_verdict verdict;
	size_t n;
	struct bl_cell_range ranges[];
};

struct bl_set_entry {
	UT_hash_handle hh; /* by key */
	UT_hash_handle by_id;
	uint32_t id;
	uint32_t refs; /* pods of this node */
	bool fresh;
	int dir;
	uint64_t mark;
	struct bl_rules **rules;
	size_t n_rules;
	struct bl_members own; /* ports of its pods by name */
	struct bl_cell_entry *cells;
	struct bl_list atoms; /* that may decide: peers and ports */
	char *key;
	size_t key_len;
};

struct bl_pod_entry;

struct bl_addr_entry {
	UT_hash_handle hh;
	struct bl_ip ip;
	struct bl_list claims; /* struct bl_pod_entry */
	struct bl_class_entry *class;
	bool held;  /* the answers so far gave it an entry */
	bool dirty; /* in bl_policies.dirty_addrs */
	bool changed;
};

struct bl_pod_entry {
	UT_hash_handle hh;
	char *key; /* namespace/name */
	const struct bl_api_pod *obj;
	struct bl_ns_entry *ns;
	struct bl_pod_entry *prev, *next; /* of the namespace */
	struct bl_members members;
	struct bl_addr_entry *addrs[BL_POLICY_LOCAL_IPS];
	size_t n_addrs;
	struct bl_ip ips[BL_POLICY_LOCAL_IPS]; /* local: the attachments' */
	size_t n_ips;
	bool local, seen;	      /* seen: in the list being told */
	bool dirty;		      /* in bl_policies.dirty_pods */
	bool sets_dirty;	      /* in bl_policies.dirty_sets */
	struct bl_set_entry *sets[2]; /* NULL: open */
};

struct bl_policy_entry {
	UT_hash_handle hh;
	char *key;
	const struct bl_api_networkpolicy *obj;
	struct bl_policy_entry *prev, *next; /* of the namespace */
	struct bl_rules *rules;		     /* of obj, while some set has them; lent */
};

struct bl_ns_entry {
	UT_hash_handle hh;
	char *name;
	const struct bl_api_namespace *obj;
	struct bl_pod_entry *pods;
	struct bl_policy_entry *policies;
	struct bl_list atoms; /* those that may match pods of it */
	bool dirty;	      /* in bl_policies.dirty_ns */
};

struct bl_block_entry {
	struct bl_cidr cidr;
	uint32_t id; /* of the class */
	struct bl_class_entry *class;
	const struct bl_block_entry
		*around; /* the next shorter prefix that holds this one, or NULL */
};

struct bl_policies {
	uint32_t next_id, next_atom;
	uint64_t next_serial, mark;
	struct bl_ns_entry *namespaces;
	struct bl_pod_entry *pods;
	struct bl_policy_entry *policies;
	struct bl_addr_entry *addrs;
	struct bl_atom *atoms;
	struct bl_class_entry *classes;
	struct bl_set_entry *sets;
	struct bl_set_entry *sets_by_id;
	struct bl_list locals;
	struct bl_list dirty_ns, dirty_pods, dirty_sets, dirty_addrs, changed_addrs;
	struct bl_list fresh_sets, fresh_classes, doomed_atoms;
	struct bl_block_entry *blocks; /* ordered by prefix */
	size_t n_blocks;
	struct bl_block_entry *told_blocks; /* the last answer's, classes as numbers */
	size_t n_told_blocks;
	bool blocks_dirty;
	struct bl_cell_key *gone_cells, *new_cells; /* since the last answer */
	size_t n_gone_cells, n_new_cells;
};

/* --- lists (policy_members.c) ----------------------------------------------------------------------------------------- */
void bl_list_add(struct bl_list *l, void *item);
void bl_list_remove(struct bl_list *l, const void *item); /* the order is lost */
void bl_list_free(struct bl_list *l);

/* Both keep the order; adding what is there changes nothing and says false. */
bool bl_members_add(struct bl_members *m, struct bl_atom *atom, uint64_t port);
bool bl_members_remove(struct bl_members *m, const struct bl_atom *atom); /* with every port */
void bl_members_free(struct bl_members *m);

/* --- atoms (policy_atoms.c) -------------------------------------------------------------------------------------------- */
/* The atom of a peer or a named port, with a reference; a new one becomes a member of what it matches. */
struct bl_atom *bl_atom_peer(struct bl_policies *p, const char *namespace,
			     const struct bl_api_policy_peer *peer);
struct bl_atom *bl_atom_port(struct bl_policies *p, enum bl_atom_kind kind, const char *name,
			     uint8_t proto);
void bl_atom_unref(struct bl_policies *p, struct bl_atom *atom);
/* Atoms that no rule names are taken from all members; once no class has them either, they are freed. */
void bl_atoms_withdraw(struct bl_policies *p);
void bl_atoms_bury(struct bl_policies *p);
/* The atoms that may match pods of the namespace, found again. */
void bl_atoms_of_namespace(struct bl_policies *p, struct bl_ns_entry *ns);
/* Adds what the pod has of the atom. */
bool bl_atom_match(struct bl_atom *atom, const struct bl_pod_entry *pod, struct bl_members *to);

/* --- rules (policy_rules.c) ---------------------------------------------------------------------------------------------- */
/* The policy's rules, with a reference. */
struct bl_rules *bl_rules_get(struct bl_policies *p, struct bl_policy_entry *policy);
void bl_rules_unref(struct bl_policies *p, struct bl_rules *rules);
/* The policy's object changed: whoever has the rules keeps them, nobody new gets them. */
void bl_rules_disown(struct bl_policy_entry *policy);

/* --- sets (policy_sets.c) ------------------------------------------------------------------------------------------------ */
/* Brings the sets of a pod of this node up to date. */
void bl_sets_of_pod(struct bl_policies *p, struct bl_pod_entry *pod);
void bl_set_unref(struct bl_policies *p, struct bl_set_entry *set);

/* --- classes and addresses (policy_classes.c) --------------------------------------------------------------------------- */
/* NULL: the outsider's. */
struct bl_class_entry *bl_class_ref(struct bl_policies *p, const struct bl_members *members);
void bl_class_unref(struct bl_policies *p, struct bl_class_entry *class);
static inline uint32_t bl_class_id(const struct bl_class_entry *c)
{
	return c ? c->id : BL_CLASS_OUTSIDER;
}
void bl_pod_mark_addrs(struct bl_policies *p, struct bl_pod_entry *pod);
/* Gives the pod the addresses that it has now; n 0: takes them away. */
void bl_pod_claim(struct bl_policies *p, struct bl_pod_entry *pod, const struct bl_ip *ips,
		  size_t n);
void bl_addrs_mark_all(struct bl_policies *p);
void bl_addrs_classify(struct bl_policies *p);
/* Whether the address shall have an entry: without one it is what its longest prefix is. */
bool bl_addr_is_wanted(const struct bl_policies *p, const struct bl_addr_entry *a);
void bl_addr_free(struct bl_policies *p, struct bl_addr_entry *a);

/* --- blocks (policy_blocks.c) ---------------------------------------------------------------------------------------------- */
void bl_blocks_compile(struct bl_policies *p);
/* The class of the longest prefix that holds the address; NULL: none does. */
const struct bl_class_entry *bl_blocks_find(const struct bl_policies *p, const struct bl_ip *ip);
void bl_blocks_free(struct bl_policies *p);

/* --- cells (policy_cells.c) ------------------------------------------------------------------------------------------------ */
void bl_cells_compile(struct bl_policies *p);
void bl_cells_drop_set(struct bl_policies *p, struct bl_set_entry *set);
void bl_cells_drop_class(struct bl_policies *p, struct bl_class_entry *class);

/* --- the answer (policy_answer.c) ------------------------------------------------------------------------------------------ */
struct bl_desired_policy *bl_policies_answer(struct bl_policies *p, bool whole,
					     struct bl_arena *arena);

/* --- ranges (policy_ranges.c) ---------------------------------------------------------------------------------------------- */
/* Orders the ranges, joins what overlaps or touches; the count left. All have the verdict allow. */
size_t bl_ranges_join(struct bl_cell_range *list, size_t n);

#endif
