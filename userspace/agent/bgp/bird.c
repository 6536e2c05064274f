// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The protocol of BIRD's control socket.
 *
 * After a greeting (code 0001) each command, one line, is answered by lines: `NNNN-text` when more follow, ` text` when a
 * line belongs to the code before it, `NNNN text` for the last, and `+text` for what BIRD says unasked, which is passed over.
 * Codes 0xxx to 2xxx carry data or success, 8xxx and 9xxx are errors.
 *
 * A job connects, sends its commands one after the other, each when the one before it was answered, and ends at the first
 * error: `configure` is never sent when `configure check` was refused. A connection a job, so there is no state to resume
 * when BIRD restarts. Time and bytes are bounded, because the other end is another program; a BIRD that hangs costs one
 * timer, never the loop.
 *
 * The job is freed by libuv's close callbacks, after `done` or a cancel: whoever started it must not touch it then.
 */

#include "agent/bgp/bird.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/mem.h"
#include "base/str.h"

#define TIMEOUT_MS 5000
#define BYTES_MAX  (8u << 20)
#define ERROR_CODE 8000

struct bl_bird_job {
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_connect_t connect;
	uv_write_t write;
	unsigned int handles;
	const char *commands[BL_BIRD_COMMANDS_MAX];
	size_t n_commands;
	struct bl_bird_reply replies[BL_BIRD_COMMANDS_MAX + 1]; /* the greeting first */
	size_t at;						/* the reply that is awaited */
	struct bl_buf in;
	struct bl_buf out;
	size_t received;
	char version[32];
	bl_bird_done done;
	void *arg;
};

static bool is_code(const char *s)
{
	for (size_t i = 0; i < 4; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

int bl_bird_line(struct bl_bird_reply *reply, const char *line)
{
	if (line[0] == '+')
		return 0;
	if (line[0] == ' ') {
		bl_buf_printf(&reply->lines, "%04d %s\n", reply->code, line + 1);
		return 0;
	}
	if (!is_code(line) || (line[4] != '-' && line[4] != ' '))
		return -EPROTO;
	reply->code = (line[0] - '0') * 1000 + (line[1] - '0') * 100 + (line[2] - '0') * 10 +
		      (line[3] - '0');
	bl_buf_printf(&reply->lines, "%04d %s\n", reply->code, line + 5);
	return line[4] == ' ';
}

static void on_closed(uv_handle_t *handle)
{
	struct bl_bird_job *job = handle->data;

	if (--job->handles)
		return;
	for (size_t i = 0; i < BL_ARRAY_SIZE(job->replies); i++)
		bl_buf_free(&job->replies[i].lines);
	bl_buf_free(&job->in);
	bl_buf_free(&job->out);
	free(job);
}

static void job_close(struct bl_bird_job *job)
{
	if (uv_is_closing((uv_handle_t *)&job->timer))
		return;
	uv_close((uv_handle_t *)&job->timer, on_closed);
	uv_close((uv_handle_t *)&job->pipe, on_closed);
}

struct bl_bird_job *bl_bird_cancel(struct bl_bird_job *job)
{
	if (job) {
		job->done = NULL;
		job_close(job);
	}
	return NULL;
}

static void finish(struct bl_bird_job *job, int rc)
{
	bl_bird_done done = job->done;

	if (!done)
		return;
	job->done = NULL;
	done(job->arg, rc, job->version, job->replies + 1, job->at ? job->at - 1 : 0);
	job_close(job);
}

static void on_timeout(uv_timer_t *timer)
{
	finish(timer->data, -ETIMEDOUT);
}

static void on_written(uv_write_t *write, int status)
{
	struct bl_bird_job *job = write->data;

	if (status && status != UV_ECANCELED)
		finish(job, status);
}

/* The reply awaited is whole: the next command, or the end. */
static void next_command(struct bl_bird_job *job)
{
	const struct bl_bird_reply *last = &job->replies[job->at];
	uv_buf_t buf;

	if (job->at == 0)
		(void)sscanf(last->lines.data, "0001 BIRD %31s", job->version);
	job->at++;
	if (last->code >= ERROR_CODE || job->at > job->n_commands) {
		finish(job, 0);
		return;
	}
	bl_buf_clear(&job->out);
	bl_buf_printf(&job->out, "%s\n", job->commands[job->at - 1]);
	buf = uv_buf_init(job->out.data, (unsigned int)job->out.len);
	job->write.data = job;
	uv_write(&job->write, (uv_stream_t *)&job->pipe, &buf, 1, on_written);
}

/* Every whole line that has arrived. */
static void read_lines(struct bl_bird_job *job)
{
	char *end;

	while (job->done && job->in.len && (end = memchr(job->in.data, '\n', job->in.len))) {
		int rc;

		*end = '\0';
		rc = bl_bird_line(&job->replies[job->at], job->in.data);
		bl_buf_consume(&job->in, (size_t)(end - job->in.data) + 1);
		if (rc < 0)
			finish(job, rc);
		else if (rc)
			next_command(job);
	}
}

static void on_alloc(uv_handle_t *handle, size_t want, uv_buf_t *buf)
{
	struct bl_bird_job *job = handle->data;

	*buf = uv_buf_init(bl_buf_reserve(&job->in, want), (unsigned int)want);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct bl_bird_job *job = stream->data;

	(void)buf;
	if (n < 0) {
		finish(job, n == UV_EOF ? -ECONNRESET : (int)n);
		return;
	}
	job->in.len += (size_t)n;
	job->received += (size_t)n;
	if (job->received > BYTES_MAX)
		finish(job, -EMSGSIZE);
	else
		read_lines(job);
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct bl_bird_job *job = connect->data;

	if (status == UV_ECANCELED)
		return;
	if (!status)
		status = uv_read_start((uv_stream_t *)&job->pipe, on_alloc, on_read);
	if (status)
		finish(job, status);
}

/* A path that no socket can have is found out in the loop like any other that nobody listens at. */
static void on_too_long(uv_timer_t *timer)
{
	finish(timer->data, -ENAMETOOLONG);
}

struct bl_bird_job *bl_bird_run(struct bl_loop *loop, const char *socket,
				const char *const *commands, size_t n, bl_bird_done done, void *arg)
{
	struct bl_bird_job *job = bl_new0(struct bl_bird_job);
	uv_loop_t *uv = bl_loop_uv(loop);

	if (n > BL_BIRD_COMMANDS_MAX)
		abort();
	memcpy(job->commands, commands, n * sizeof(*commands));
	job->n_commands = n;
	job->done = done;
	job->arg = arg;
	job->handles = 2;
	uv_pipe_init(uv, &job->pipe, 0);
	uv_timer_init(uv, &job->timer);
	job->pipe.data = job->timer.data = job->connect.data = job;
	if (strlen(socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		uv_timer_start(&job->timer, on_too_long, 0, 0);
		return job;
	}
	uv_timer_start(&job->timer, on_timeout, TIMEOUT_MS, 0);
	uv_pipe_connect(&job->connect, &job->pipe, socket, on_connected);
	return job;
}
