/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_REQUEST_H
#define BL_APISERVER_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "apiserver/alloc.h"
#include "apiserver/body.h"
#include "apiserver/cache.h"
#include "apiserver/kind.h"
#include "base/buf.h"

struct bl_server;
struct bl_watch;
struct bl_request;
struct bl_listener;

/* Who asks. */
struct bl_identity {
	char *user; /* NULL: anonymous */
	char *uid;
	char **groups; /* NULL-terminated, or NULL */
};

enum bl_form {
	BL_FORM_OBJECT,
	BL_FORM_TABLE,	 /* as=Table;v=v1;g=meta.k8s.io */
	BL_FORM_PARTIAL, /* as=PartialObjectMetadata or PartialObjectMetadataList */
};

/* What the client wants to read (Accept). */
struct bl_accept {
	enum bl_form form;
	bool yaml;
	const char *discovery; /* "v2" or "v2beta1": aggregated discovery; NULL: plain */
};

/* The options of a write (CreateOptions, UpdateOptions, PatchOptions, DeleteOptions). */
struct bl_write_opts {
	bool dry_run;
	bool force;
	bool strict; /* fieldValidation=Strict */
	bool warn;   /* fieldValidation=Warn */
	char manager[129];
};

/* One write of one object, on its way into a batch. */
struct bl_write {
	struct bl_store *st;
	struct bl_request *rq;
	char *key;
	struct bl_object *obj;	  /* what to store; NULL: delete */
	struct bl_object *old;	  /* what is stored; NULL: nothing */
	struct bl_object *result; /* after the commit: the object with its revision */
	struct bl_alloc_txn alloc;
	struct bl_write *next;
	UT_hash_handle hh;
};

struct bl_param {
	char *name, *value;
};

enum bl_request_state {
	BL_REQUEST_READING, /* the body is arriving */
	BL_REQUEST_WAITING, /* for a commit */
	BL_REQUEST_ANSWERED,
	BL_REQUEST_STREAMING, /* a watch */
};

struct bl_request {
	struct bl_server *srv;
	enum bl_request_state state;
	bool suspended; /* the connection is, until the answer is there */
	void *conn;	/* of the HTTP library */
	struct bl_listener *listener;

	char *method, *path;
	struct bl_param *params;
	size_t param_count;
	char *accept_header, *content_type, *user_agent, *authorization;
	struct bl_buf body;
	bool too_large;
	const struct bl_identity *id;

	/* what the path says */
	const struct bl_kind *kind;
	struct bl_store *st;
	char *ns, *name, *sub; /* ns: "" for all or cluster-scoped; name: NULL for collections */
	struct bl_accept accept;
	struct bl_write_opts opts;

	/* a write under way */
	struct bl_write *writes;
	size_t writes_left;
	void (*then)(struct bl_request *rq); /* after the commit of all writes: makes the answer */
	int good_code;
	struct bl_request *next_parked;

	/* the answer */
	int code;
	const char *type;
	struct bl_body out;
	json_t *warnings;
	struct bl_watch *watch;
};

/* A query parameter, or NULL when it is absent. The first of several. */
const char *bl_request_param(const struct bl_request *rq, const char *name);
/* "true", "1", "True" or present and empty, as the API reads booleans. */
bool bl_request_flag(const struct bl_request *rq, const char *name);

/* Adds a Warning header, once. */
void bl_request_warn(struct bl_request *rq, const char *text);

/* Answers. Each ends the request. */
void bl_answer_status(struct bl_request *rq, json_t *status);			    /* takes */
void bl_answer_json(struct bl_request *rq, int code, json_t *value);		    /* takes */
void bl_answer_text(struct bl_request *rq, int code, const char *type, char *text); /* takes text */
void bl_answer_object(struct bl_request *rq, int code,
		      struct bl_object *obj); /* lends; in the form asked for */
/* An object that is not stored (dry run, the last state of a deleted one); takes. */
void bl_answer_value(struct bl_request *rq, int code, json_t *obj);

/* Rewrites a finished JSON answer. */
void bl_answer_to_yaml(struct bl_request *rq);

struct bl_request *bl_request_free(struct bl_request *rq);

#endif
