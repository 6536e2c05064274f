// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: How fast the API server takes objects, and what they weigh.
 *
 *   apiserver_bench BEELINE_CONTROLPLANE [OBJECTS [CLIENTS [WATCHES]]]
 *
 * Starts the server on a folder of its own, opens WATCHES watches (100), and creates OBJECTS ConfigMaps (20,000) from
 * CLIENTS keep-alive TLS connections (16), each request sent when its connection's last one was answered. Prints creates a
 * second (each is durable when it is answered), the latency p50 and p99, and the server's resident set afterwards.
 * Exits non-zero when a request fails or a watch does not see every object.
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"

extern char **environ;

#define CLIENTS_MAX 256
#define WATCHES_MAX 500

struct server {
	pid_t pid;
	char dir[64];
	char *url, *token;
};

struct client {
	CURL *easy;
	struct curl_slist *headers;
	char *body;
	uint64_t since_ns;
};

struct watch {
	CURL *easy;
	size_t events;
};

struct bench {
	struct server *srv;
	CURLM *multi;
	struct client clients[CLIENTS_MAX];
	struct watch watches[WATCHES_MAX];
	size_t client_count, watch_count;
	size_t objects, started, done, failed;
	uint64_t *latency_ns;
};

static size_t swallow(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

static size_t count_lines(char *data, size_t size, size_t n, void *arg)
{
	struct watch *w = arg;

	for (char *at = data; (at = memchr(at, '\n', size * n - (size_t)(at - data))); at++)
		w->events++;
	return size * n;
}

static int start_server(struct server *s, const char *bin)
{
	char *argv[] = {(char *)bin,   "--data-dir",	s->dir, "--listen",
			"127.0.0.1:0", "--controllers", "none", NULL};
	BL_FREE char *path = NULL;
	BL_FREE char *tokens = NULL;
	BL_JSON json_t *config = NULL;
	BL_BUF struct bl_buf token = {};
	posix_spawn_file_actions_t fa;
	int to_us[2];
	char c;

	strcpy(s->dir, "/tmp/beeline-bench.XXXXXX");
	if (!mkdtemp(s->dir) || pipe2(to_us, O_CLOEXEC))
		return -1;
	path = bl_asprintf("%s/admin.kubeconfig", s->dir);
	tokens = bl_asprintf("%s/tokens.csv", s->dir);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, to_us[1], 2);
	if (posix_spawn(&s->pid, bin, &fa, NULL, argv, environ))
		return -1;
	posix_spawn_file_actions_destroy(&fa);
	close(to_us[1]);
	/* the log line "ready" comes after everything is written */
	for (size_t lines = 0; lines < 2 && read(to_us[0], &c, 1) == 1;)
		lines += c == '\n';
	if (bl_json_load_file(path, 1 << 20, &config, NULL) ||
	    bl_file_read(tokens, 1 << 20, &token, NULL))
		return -1;
	s->url = bl_strdup(bl_json_str_at(json_array_get(json_object_get(config, "clusters"), 0),
					  "cluster", "server", NULL));
	s->token = bl_strndup(token.data, strcspn(token.data, ","));
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void stop_server(struct server *s)
{
	if (s->pid > 0) {
		kill(s->pid, SIGTERM);
		waitpid(s->pid, NULL, 0);
	}
	nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(s->url);
	free(s->token);
}

static struct curl_slist *headers_of(const struct server *s)
{
	BL_FREE char *auth = bl_asprintf("Authorization: Bearer %s", s->token);
	struct curl_slist *h = curl_slist_append(NULL, "Content-Type: application/json");

	return curl_slist_append(h, auth);
}

static CURL *make_easy(const struct server *s, const char *path, struct curl_slist *headers)
{
	CURL *e = curl_easy_init();
	BL_FREE char *url = bl_asprintf("%s%s", s->url, path);

	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, swallow);
	return e;
}

static void send_next(struct bench *b, struct client *c)
{
	free(c->body);
	c->body =
		bl_asprintf("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"
			    "\"bench-%zu\",\"labels\":{\"app\":\"bench\"}},\"data\":{\"key\":"
			    "\"value-%zu\",\"other\":\"some text that a map may hold\"}}",
			    b->started, b->started);
	b->started++;
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->body);
	c->since_ns = bl_time_mono_ns();
	curl_multi_add_handle(b->multi, c->easy);
}

static void finish(struct bench *b, CURLMsg *m)
{
	struct client *c = NULL;
	long code = 0;

	curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
	curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &code);
	curl_multi_remove_handle(b->multi, m->easy_handle);
	if (!c)
		return;
	b->latency_ns[b->done++] = bl_time_mono_ns() - c->since_ns;
	b->failed += m->data.result != CURLE_OK || code != 201;
	if (b->started < b->objects)
		send_next(b, c);
}

static void turn(struct bench *b)
{
	int running, left;
	CURLMsg *m;

	curl_multi_perform(b->multi, &running);
	while ((m = curl_multi_info_read(b->multi, &left)))
		finish(b, m);
	curl_multi_poll(b->multi, NULL, 0, 100, NULL);
}

static size_t least_seen(const struct bench *b)
{
	size_t least = b->objects;

	for (size_t i = 0; i < b->watch_count; i++)
		least = b->watches[i].events < least ? b->watches[i].events : least;
	return least;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static long resident_kib(pid_t pid)
{
	BL_FREE char *path = bl_asprintf("/proc/%d/status", pid);
	FILE *f = fopen(path, "re");
	char line[200];
	long kib = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmRSS: %ld", &kib);
	if (f)
		fclose(f);
	return kib;
}

static void run(struct bench *b)
{
	struct curl_slist *headers = headers_of(b->srv);
	uint64_t start, end;

	for (size_t i = 0; i < b->watch_count; i++) {
		struct watch *w = &b->watches[i];

		w->easy = make_easy(b->srv, "/api/v1/namespaces/default/configmaps?watch=true",
				    headers);
		curl_easy_setopt(w->easy, CURLOPT_WRITEFUNCTION, count_lines);
		curl_easy_setopt(w->easy, CURLOPT_WRITEDATA, w);
		curl_multi_add_handle(b->multi, w->easy);
	}
	for (size_t i = 0; i < b->client_count; i++) {
		b->clients[i].easy =
			make_easy(b->srv, "/api/v1/namespaces/default/configmaps", headers);
		curl_easy_setopt(b->clients[i].easy, CURLOPT_PRIVATE, &b->clients[i]);
		send_next(b, &b->clients[i]);
	}
	start = bl_time_mono_ns();
	while (b->done < b->objects)
		turn(b);
	end = bl_time_mono_ns();
	for (int i = 0; i < 300 && b->watch_count && least_seen(b) < b->objects; i++)
		turn(b);
	qsort(b->latency_ns, b->done, sizeof(*b->latency_ns), by_value);
	printf("creates: %zu by %zu clients, %zu failed, %.0f a second, p50 %.2f ms, p99 %.2f ms\n",
	       b->done, b->client_count, b->failed, (double)b->done * 1e9 / (double)(end - start),
	       (double)b->latency_ns[b->done / 2] / 1e6,
	       (double)b->latency_ns[b->done * 99 / 100] / 1e6);
	if (b->watch_count)
		printf("watches: %zu, each saw %zu objects\n", b->watch_count, least_seen(b));
	printf("resident: %.1f MiB\n", (double)resident_kib(b->srv->pid) / 1024);
	curl_slist_free_all(headers);
}

int main(int argc, char **argv)
{
	struct server srv = {};
	struct bench *b = bl_new0(struct bench);
	int bad;

	if (argc < 2) {
		fprintf(stderr,
			"apiserver_bench BEELINE_CONTROLPLANE [OBJECTS [CLIENTS [WATCHES]]]\n");
		return 2;
	}
	b->objects = argc > 2 ? strtoul(argv[2], NULL, 10) : 20000;
	b->client_count = argc > 3 ? strtoul(argv[3], NULL, 10) : 16;
	b->watch_count = argc > 4 ? strtoul(argv[4], NULL, 10) : 100;
	if (!b->objects || !b->client_count || b->client_count > CLIENTS_MAX ||
	    b->watch_count > WATCHES_MAX || b->objects < b->client_count)
		return 2;
	b->latency_ns = bl_calloc(b->objects, sizeof(*b->latency_ns));
	b->srv = &srv;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	b->multi = curl_multi_init();
	bad = start_server(&srv, argv[1]);
	if (bad)
		fprintf(stderr, "the server does not start\n");
	else
		run(b);
	bad |= b->failed || (b->watch_count && least_seen(b) < b->objects);
	stop_server(&srv);
	return bad != 0;
}
