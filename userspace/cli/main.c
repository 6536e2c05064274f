// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: beeline, the command line.
 *
 * Talks to the agent of this node over its unix socket, so it runs as root on the node. It changes nothing: every command
 * reads. What goes to standard output is for people as aligned tables and for programs as JSON (-o json, the agent's own
 * answers, beeline(8)); everything else goes to standard error.
 */

#include <stdio.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
	int status = bl_cli_run(argc, argv, stdout, stderr);

	if (fflush(stdout) && !status)
		status = 1;
	return status;
}
