// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The API server as one thing.
 *
 * Starting it reads the storage into memory, fills the address ranges from the stored Services, writes what every cluster
 * has (its namespaces, the `kubernetes` Service), makes or reads the certificates, listens, and last writes
 * admin.kubeconfig with the port that it got: who finds that file finds a server.
 *
 * Stopping ends the watches, sends what is ready and folds the storage's log.
 */
#include "apiserver/server.h"

#include <errno.h>
#include <string.h>

#include "apiserver/bootstrap.h"
#include "apiserver/http.h"
#include "apiserver/pki.h"
#include "apiserver/server_priv.h"
#include "apiserver/watch.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define BOOKMARK_MS 60000
#define SANS_MAX    64

static void on_bookmarks(uv_timer_t *t)
{
	struct bl_server *s = t->data;

	for (size_t i = 0; i < s->cache->count; i++)
		bl_watch_bookmarks(&s->cache->stores[i]);
}

static void adopt_services(struct bl_server *s)
{
	for (size_t i = 0; i < s->cache->count; i++) {
		struct bl_store *st = &s->cache->stores[i];

		for (size_t n = 0; st->kind->allocates && n < st->count; n++) {
			BL_JSON json_t *svc = bl_object_decode(st->objs[n]);

			bl_alloc_adopt(s->alloc, svc);
		}
	}
}

/* "127.0.0.1" of "127.0.0.1:6443", "::1" of "[::1]:6443" */
static char *host_of(const char *where)
{
	const char *colon = strrchr(where, ':');
	size_t len = colon ? (size_t)(colon - where) : strlen(where);

	if (len >= 2 && where[0] == '[')
		return bl_strndup(where + 1, len - 2);
	return bl_strndup(where, len);
}

/* Every name that the certificate must have; the caller frees the strings. */
static size_t collect_sans(const struct bl_server *s, const struct bl_server_opts *o,
			   char *sans[SANS_MAX + 1])
{
	static const char *const always[] = {"localhost", "kubernetes", "kubernetes.default",
					     "kubernetes.default.svc",
					     "kubernetes.default.svc.cluster.local"};
	static const uint8_t families[] = {4, 6};
	size_t n = 0;
	char text[BL_IP_STRLEN];
	struct bl_ip ip;

	for (size_t i = 0; i < BL_ARRAY_SIZE(always); i++)
		sans[n++] = bl_strdup(always[i]);
	for (size_t i = 0; i < BL_ARRAY_SIZE(families); i++) {
		if (bl_alloc_nth_address(s->alloc, families[i], 1, &ip) == 0)
			sans[n++] = bl_strdup(bl_ip_format(&ip, text));
	}
	for (const char *const *l = o->listen; *l && n < SANS_MAX; l++)
		sans[n++] = host_of(*l);
	for (const char *const *t = o->tls_sans; t && *t && n < SANS_MAX; t++)
		sans[n++] = bl_strdup(*t);
	sans[n] = NULL;
	return n;
}

static int listen_all(struct bl_server *s, const struct bl_server_opts *o, const struct bl_pki *pki,
		      struct bl_err *err)
{
	struct bl_listener *last = NULL;

	for (const char *const *where = o->listen; *where; where++) {
		struct bl_listener *l;
		int ret = bl_listener_open(s, *where, pki->server_cert, pki->server_key,
					   pki->ca_cert, &l, err);

		if (ret)
			return ret;
		if (last)
			bl_listener_chain(last, l);
		else
			s->listeners = l;
		last = l;
		bl_log_info("listening address=%s", bl_listener_address(l));
	}
	return 0;
}

static int write_kubeconfig(struct bl_server *s, const struct bl_server_opts *o,
			    const struct bl_pki *pki, struct bl_err *err)
{
	BL_FREE char *text = NULL;

	s->url = bl_asprintf("https://%s", bl_listener_address(s->listeners));
	s->kubeconfig_path = bl_asprintf("%s/admin.kubeconfig", o->data_dir);
	text = bl_pki_kubeconfig(pki, s->url, "admin", pki->admin_cert, pki->admin_key);
	return bl_file_write(s->kubeconfig_path, text, strlen(text), 0600, err);
}

static int go_public(struct bl_server *s, const struct bl_server_opts *o, struct bl_err *err)
{
	char *sans[SANS_MAX + 1];
	size_t count = collect_sans(s, o, sans);
	BL_PKI struct bl_pki *pki = NULL;
	int ret = bl_pki_open(o->data_dir, (const char *const *)sans, &pki, err);

	if (!ret)
		ret = bl_auth_new(o->data_dir, &s->auth, err);
	if (!ret)
		ret = listen_all(s, o, pki, err);
	if (!ret)
		ret = bl_bootstrap_endpoints(s, err);
	if (!ret)
		ret = write_kubeconfig(s, o, pki, err);
	for (size_t i = 0; i < count; i++)
		free(sans[i]);
	return ret;
}

static int start(struct bl_server *s, const struct bl_server_opts *o, struct bl_err *err)
{
	int ret = bl_alloc_new(&o->alloc, &s->alloc, err);

	if (!ret)
		ret = bl_cache_open(s->storage, o->kinds, &s->cache, err);
	if (ret)
		return ret;
	s->namespaces = bl_cache_store_by_kind(s->cache, "Namespace");
	s->batch = bl_batch_new(s);
	adopt_services(s);
	uv_timer_init(bl_loop_uv(s->loop), &s->bookmark_timer);
	s->bookmark_timer.data = s;
	uv_timer_start(&s->bookmark_timer, on_bookmarks, BOOKMARK_MS, BOOKMARK_MS);
	ret = bl_bootstrap(s, err);
	return ret ? ret : go_public(s, o, err);
}

int bl_server_start(struct bl_loop *loop, struct bl_storage *storage,
		    const struct bl_server_opts *opts, struct bl_server **ret_server,
		    struct bl_err *err)
{
	struct bl_server *s = bl_new0(struct bl_server);
	int ret;

	s->loop = loop;
	s->storage = storage;
	s->kinds = opts->kinds;
	ret = start(s, opts, err);
	if (ret) {
		s->storage = NULL;
		bl_server_stop(s);
		return ret;
	}
	*ret_server = s;
	return 0;
}

static void free_server(uv_handle_t *h)
{
	free(h->data);
}

struct bl_server *bl_server_stop(struct bl_server *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; s->cache && i < s->cache->count; i++)
		bl_watch_end_all(&s->cache->stores[i]);
	if (s->batch)
		bl_batch_flush(s->batch);
	bl_listeners_run(s->listeners);
	bl_listeners_close(s->listeners);
	bl_batch_free(s->batch);
	bl_cache_free(s->cache);
	bl_alloc_free(s->alloc);
	bl_auth_free(s->auth);
	if (s->storage)
		(void)bl_storage_compact(s->storage, bl_storage_revision(s->storage), NULL);
	bl_storage_free(s->storage);
	free(s->url);
	free(s->kubeconfig_path);
	if (s->bookmark_timer.loop)
		uv_close((uv_handle_t *)&s->bookmark_timer, free_server);
	else
		free(s);
	return NULL;
}

const char *bl_server_url(const struct bl_server *s)
{
	return s->url;
}

const char *bl_server_kubeconfig(const struct bl_server *s)
{
	return s->kubeconfig_path;
}

/* The server that admin.kubeconfig names. The caller frees it. */
static int server_of_admin(const char *data_dir, char **ret_url, struct bl_err *err)
{
	BL_FREE char *path = bl_asprintf("%s/admin.kubeconfig", data_dir);
	BL_JSON json_t *config = NULL;
	const json_t *clusters;
	const char *url;
	int ret = bl_json_load_file(path, 1 << 20, &config, err);

	if (ret)
		return ret;
	clusters = json_object_get(config, "clusters");
	url = bl_json_str_at(json_array_get(clusters, 0), "cluster", "server", NULL);
	if (!url)
		return bl_err_set(err, -EINVAL, "%s names no server", path);
	*ret_url = bl_strdup(url);
	return 0;
}

int bl_server_mint_kubeconfig(const char *data_dir, const char *user, const char *const *groups,
			      const char *server, char **ret_text, struct bl_err *err)
{
	BL_PKI struct bl_pki *pki = NULL;
	BL_FREE char *url = server ? bl_strdup(server) : NULL;
	BL_FREE char *cert = NULL, *key = NULL;
	int ret = bl_pki_open_ca(data_dir, &pki, err);

	if (!ret && !url)
		ret = server_of_admin(data_dir, &url, err);
	if (!ret)
		ret = bl_pki_issue_client(pki, user, groups, &cert, &key, err);
	if (!ret)
		*ret_text = bl_pki_kubeconfig(pki, url, user, cert, key);
	return ret;
}
