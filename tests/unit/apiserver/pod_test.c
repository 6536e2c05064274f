/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Pod: defaults, rules of its parts, what may change.
 */
#include "kind_case.h"

#define POD(container) "{'spec':{'containers':[{'name':'c','image':'i'," container "}]}}"
#define SPEC(rest)     "{'spec':{'containers':[{'name':'c','image':'i'}]," rest "}}"

static void containers_have_names_and_images(void **state)
{
	static const struct kind_case cases[] = {
		{"{'spec':{'containers':[{'name':'c','image':'i'}]}}", ""},
		{"{'spec':{'containers':[]}}", "Required spec.containers"},
		{"{'spec':{'containers':[{'name':'c'}]}}", "Required spec.containers[0].image"},
		{"{'spec':{'containers':[{'name':'C','image':' i'}]}}",
		 "Invalid spec.containers[0].image; Invalid spec.containers[0].name"},
		{"{'spec':{'containers':[{'name':'c','image':'i'},{'name':'c','image':'i'}]}}",
		 "Duplicate spec.containers[1].name"},
		{SPEC("'initContainers':[{'name':'c','image':'i'}]"),
		 "Duplicate spec.initContainers[0].name"},
		{SPEC("'initContainers':[{'name':'d','image':'i','livenessProbe':"
		      "{'exec':{'command':['a']}}}]"),
		 "Forbidden spec.initContainers[0].livenessProbe"},
		{SPEC("'initContainers':[{'name':'d','image':'i','restartPolicy':'Always',"
		      "'livenessProbe':{'exec':{'command':['a']}}}]"),
		 ""},
		{POD("'imagePullPolicy':'Maybe','terminationMessagePolicy':'Odd'"),
		 "NotSupported spec.containers[0].imagePullPolicy; "
		 "NotSupported spec.containers[0].terminationMessagePolicy"},
	};

	(void)state;
	KIND_CASES(&bl_kind_pod, cases);
}

static void container_ports(void **state)
{
	static const struct kind_case cases[] = {
		{POD("'ports':[{'name':'a','containerPort':80},{'containerPort':53,"
		     "'protocol':'UDP'}]"),
		 ""},
		{POD("'ports':[{'containerPort':70000}]"),
		 "Invalid spec.containers[0].ports[0].containerPort"},
		{POD("'ports':[{}]"), "Required spec.containers[0].ports[0].containerPort"},
		{POD("'ports':[{'name':'a','containerPort':1},{'name':'a','containerPort':2}]"),
		 "Duplicate spec.containers[0].ports[1].name"},
		{POD("'ports':[{'containerPort':1,'hostPort':8},{'containerPort':2,"
		     "'hostPort':8}]"),
		 "Duplicate spec.containers[0].ports[1].hostPort"},
		{"{'spec':{'hostNetwork':true,'containers':[{'name':'c','image':'i',"
		 "'ports':[{'containerPort':1,'hostPort':8}]}]}}",
		 "Invalid spec.containers[0].ports[0].containerPort"},
		{POD("'ports':[{'containerPort':1,'protocol':'X'}]"),
		 "NotSupported spec.containers[0].ports[0].protocol"},
	};

	(void)state;
	KIND_CASES(&bl_kind_pod, cases);
}

static void environment_has_one_source(void **state)
{
	static const struct kind_case cases[] = {
		{POD("'env':[{'name':'A','value':'1'},{'name':'B','valueFrom':{'fieldRef':"
		     "{'fieldPath':'status.podIP'}}}]"),
		 ""},
		{POD("'env':[{'value':'x'}]"), "Required spec.containers[0].env[0].name"},
		{POD("'env':[{'name':'A=B'}]"), "Invalid spec.containers[0].env[0].name"},
		{POD("'env':[{'name':'A','valueFrom':{}}]"),
		 "Invalid spec.containers[0].env[0].valueFrom"},
		{POD("'env':[{'name':'A','value':'1','valueFrom':{'fieldRef':"
		     "{'fieldPath':'status.podIP'}}}]"),
		 "Invalid spec.containers[0].env[0].valueFrom"},
		{POD("'env':[{'name':'A','valueFrom':{'fieldRef':{'fieldPath':'spec.foo'}}}]"),
		 "Invalid spec.containers[0].env[0].valueFrom.fieldRef.fieldPath"},
		{POD("'env':[{'name':'A','valueFrom':{'fieldRef':{'fieldPath':'status.phase'}}}]"),
		 "NotSupported spec.containers[0].env[0].valueFrom.fieldRef.fieldPath"},
		{POD("'env':[{'name':'A','valueFrom':{'fieldRef':"
		     "{'fieldPath':'metadata.labels[\\u0027a\\u0027]'}}}]"),
		 ""},
		{POD("'env':[{'name':'A','valueFrom':{'configMapKeyRef':{'name':'c'}}}]"),
		 "Required spec.containers[0].env[0].valueFrom.configMapKeyRef.key"},
		{POD("'envFrom':[{}]"), "Invalid spec.containers[0].envFrom[0]"},
		{POD("'envFrom':[{'secretRef':{}}]"),
		 "Required spec.containers[0].envFrom[0].secretRef.name"},
	};

	(void)state;
	KIND_CASES(&bl_kind_pod, cases);
}

static void probes_do_one_thing(void **state)
{
	static const struct kind_case cases[] = {
		{POD("'readinessProbe':{'tcpSocket':{'port':80}}"), ""},
		{POD("'livenessProbe':{}"), "Required spec.containers[0].livenessProbe"},
		{POD("'livenessProbe':{'exec':{},'httpGet':{'port':80}}"),
		 "Forbidden spec.containers[0].livenessProbe.httpGet; "
		 "Required spec.containers[0].livenessProbe.exec.command"},
		{POD("'livenessProbe':{'httpGet':{'port':0,'scheme':'FTP'}}"),
		 "Invalid spec.containers[0].livenessProbe.httpGet.port; "
		 "NotSupported spec.containers[0].livenessProbe.httpGet.scheme"},
		{POD("'livenessProbe':{'successThreshold':2,'tcpSocket':{'port':'web'}}"),
		 "Invalid spec.containers[0].livenessProbe.successThreshold"},
		{POD("'readinessProbe':{'periodSeconds':-1,'tcpSocket':{'port':80}}"),
		 "Invalid spec.containers[0].readinessProbe.periodSeconds"},
		{POD("'lifecycle':{'preStop':{}}"),
		 "Required spec.containers[0].lifecycle.preStop"},
	};

	(void)state;
	KIND_CASES(&bl_kind_pod, cases);
}

static void resources_are_known_and_ordered(void **state)
{
	static const struct kind_case cases[] = {
		{POD("'resources':{'limits':{'cpu':1,'memory':'64Mi'},'requests':{'cpu':'500m'}}"),
		 ""},
		{POD("'resources':{'limits':{'memory':'-1'}}"),
		 "Invalid spec.containers[0].resources.limits[memory]; "
		 "Invalid spec.containers[0].resources.requests[memory]"},
		{POD("'resources':{'limits':{'cpu':1},'requests':{'cpu':'1001m'}}"),
		 "Invalid spec.containers[0].resources.requests"},
		{POD("'resources':{'requests':{'speed':1}}"),
		 "Invalid spec.containers[0].resources.requests[speed]; "
		 "Invalid spec.containers[0].resources.requests[speed]"},
		{POD("'resources':{'requests':{'a.b/c':1}}"),
		 "Required spec.containers[0].resources.limits"},
		{POD("'resources':{'limits':{'a.b/c':'500m'}}"),
		 "Invalid spec.containers[0].resources.limits[a.b/c]; "
		 "Invalid spec.containers[0].resources.requests[a.b/c]"},
	};

	(void)state;
	KIND_CASES(&bl_kind_pod, cases);
}

static void volumes_have_one_source(void **state)
{
	static const struct kind_case cases[] = {
		{SPEC("'volumes':[{'name':'v'},{'name':'w','configMap':{'name':'c'}}]"), ""},
		{SPEC("'volumes':[{'name':'v','emptyDir':{},'hostPath':{'path':'/x'}}]"),
		 "Forbidden spec.volumes[0].hostPath"},
		{SPEC("'volumes':[{'name':'V'},{'emptyDir':{}}]"),
		 "Invalid spec.volumes[0].name; Required spec.volumes[1].name"},
		{SPEC("'volumes':[{'name':'v'},{'name':'v'}]"), "Duplicate spec.volumes[1].name"},
		{SPEC("'volumes':[{'name':'v','hostPath':{'path':'/a/../b','type':'Odd'}}]"),
		 "Invalid spec.volumes[0].hostPath.path; "
		 "NotSupported spec.volumes[0].hostPath.type"},
		{SPEC("'volumes':[{'name':'v','secret':{'defaultMode':512}}]"),
		 "Invalid spec.volumes[0].secret.defaultMode; "
		 "Required spec.volumes[0].secret.secretName"},
		{POD("'volumeMounts':[{'name':'v','mountPath':'/a'}]"),
		 "NotFound spec.containers[0].volumeMounts[0].name"},
		{"{'spec':{'volumes':[{'name':'v'}],'containers':[{'name':'c','image':'i',"
		 "'volumeMounts':[{'name':'v','mountPath':'/a'},{'name':'v','mountPath':'/a',"
		 "'subPath':'../x'},{'name':'v'}]}]}}",
		 "Invalid spec.containers[0].volumeMounts[1].mountPath; "
		 "Invalid spec.containers[0].volumeMounts[1].subPath; "
		 "Required spec.containers[0].volumeMounts[2].mountPath"},
	};

	(void)state;
	KIND_CASES(&bl_kind_pod, cases);
}

static void the_rest_of_the_spec(void **state)
{
	static const struct kind_case cases[] = {
		{SPEC("'restartPolicy':'Sometimes','dnsPolicy':'Odd'"),
		 "NotSupported spec.dnsPolicy; NotSupported spec.restartPolicy"},
		{SPEC("'nodeSelector':{'a b':'c'}"), "Invalid spec.nodeSelector"},
		{SPEC("'nodeName':'A','hostname':'a.b','serviceAccountName':'-'"),
		 "Invalid spec.hostname; Invalid spec.nodeName; Invalid spec.serviceAccountName"},
		{SPEC("'activeDeadlineSeconds':0"), "Invalid spec.activeDeadlineSeconds"},
		{SPEC("'tolerations':[{'key':'a','operator':'Equals'}]"),
		 "NotSupported spec.tolerations[0].operator"},
		{SPEC("'tolerations':[{'value':'a'}]"), "Invalid spec.tolerations[0].operator"},
		{SPEC("'tolerations':[{'operator':'Exists','effect':'Odd'}]"),
		 "NotSupported spec.tolerations[0].effect"},
		{SPEC("'tolerations':[{'operator':'Exists','tolerationSeconds':1}]"),
		 "Invalid spec.tolerations[0].effect"},
		{SPEC("'dnsPolicy':'None'"), "Required spec.dnsConfig"},
		{SPEC("'hostAliases':[{'ip':'x','hostnames':['a b']}]"),
		 "Invalid spec.hostAliases[0].hostnames; Invalid spec.hostAliases[0].ip"},
		{SPEC("'terminationGracePeriodSeconds':-1"), ""},
		{SPEC("'nodeName':'n','schedulingGates':[{'name':'a.b/c'}]"),
		 "Forbidden spec.nodeName"},
		{SPEC("'priorityClassName':'system-node-critical'"), ""},
	};

	(void)state;
	KIND_CASES(&bl_kind_pod, cases);
}

#define REQUIRED  "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

static void affinity_has_terms_and_weights(void **state)
{
	static const struct kind_case cases[] = {
		{SPEC("'affinity':{'nodeAffinity':{'" REQUIRED "':{'nodeSelectorTerms':["
		      "{'matchExpressions':[{'key':'a','operator':'Gt','values':['1']}]}]}},"
		      "'podAffinity':{'" REQUIRED "':[{'topologyKey':'z'}]}}"),
		 ""},
		{SPEC("'affinity':{'nodeAffinity':{'" REQUIRED "':{'nodeSelectorTerms':[]}}}"),
		 "Required spec.affinity.nodeAffinity." REQUIRED ".nodeSelectorTerms"},
		{SPEC("'affinity':{'nodeAffinity':{'" PREFERRED "':[{'weight':0,'preference':"
		      "{'matchExpressions':[{'key':'a','operator':'In'}]}}]}}"),
		 "Invalid spec.affinity.nodeAffinity." PREFERRED "[0].weight; "
		 "Required spec.affinity.nodeAffinity." PREFERRED
		 "[0].preference.matchExpressions[0].values"},
		{SPEC("'affinity':{'podAntiAffinity':{'" PREFERRED "':[{'weight':1,"
		      "'podAffinityTerm':{'topologyKey':'a b'}}]}}"),
		 "Invalid spec.affinity.podAntiAffinity." PREFERRED
		 "[0].podAffinityTerm.topologyKey"},
	};

	(void)state;
	KIND_CASES(&bl_kind_pod, cases);
}

static void one_account_in_two_fields(void **state)
{
	BL_JSON json_t *now = kind_object(&bl_kind_pod, SPEC("'serviceAccountName':'a'"));
	BL_JSON json_t *old = kind_object(&bl_kind_pod, SPEC("'serviceAccount':'a'"));

	(void)state;
	kind_check_has(now, "{'spec':{'serviceAccount':'a','serviceAccountName':'a'}}");
	kind_check_has(old, "{'spec':{'serviceAccount':'a','serviceAccountName':'a'}}");
}

static void defaults_fill_a_pod(void **state)
{
	BL_JSON json_t *obj =
		kind_object(&bl_kind_pod, "{'spec':{'hostNetwork':true,'volumes':[{'name':'v'}],"
					  "'terminationGracePeriodSeconds':-5,"
					  "'containers':[{'name':'c','image':'a:5000/i',"
					  "'ports':[{'containerPort':80}],"
					  "'readinessProbe':{'httpGet':{'port':80}}}]}}");
	json_t *container = json_array_get(bl_get(bl_get(obj, "spec"), "containers"), 0);
	json_t *volume = json_array_get(bl_get(bl_get(obj, "spec"), "volumes"), 0);

	(void)state;
	kind_check_has(obj, "{'spec':{'restartPolicy':'Always','dnsPolicy':'ClusterFirst',"
			    "'schedulerName':'default-scheduler','enableServiceLinks':true,"
			    "'terminationGracePeriodSeconds':1,'securityContext':{}}}");
	kind_check_has(container, "{'imagePullPolicy':'Always','terminationMessagePolicy':'File',"
				  "'resources':{},'ports':[{'containerPort':80,'hostPort':80,"
				  "'protocol':'TCP'}],'readinessProbe':{'timeoutSeconds':1,"
				  "'periodSeconds':10,'successThreshold':1,'failureThreshold':3,"
				  "'httpGet':{'path':'/','scheme':'HTTP','port':80}}}");
	kind_check_has(volume, "{'emptyDir':{}}");
}

static void images_are_pulled_by_their_tag(void **state)
{
	static const struct {
		const char *image;
		const char *policy;
	} cases[] = {
		{"i", "Always"},
		{"i:latest", "Always"},
		{"i:1", "IfNotPresent"},
		{"h:5000/i", "Always"},
		{"h:5000/i:1", "IfNotPresent"},
		{"i@sha256:0", "IfNotPresent"},
	};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		BL_FREE char *text = bl_asprintf(
			"{'spec':{'containers':[{'name':'c','image':'%s'}]}}", cases[i].image);
		BL_JSON json_t *obj = kind_object(&bl_kind_pod, text);
		const json_t *list = bl_get(bl_get(obj, "spec"), "containers");

		assert_string_equal(bl_str(json_array_get(list, 0), "imagePullPolicy"),
				    cases[i].policy);
	}
}

static void a_new_pod_is_pending_and_has_a_class(void **state)
{
	static const struct {
		const char *object;
		const char *class;
	} cases[] = {
		{POD("'resources':{}"), "BestEffort"},
		{POD("'resources':{'requests':{'cpu':1}}"), "Burstable"},
		{POD("'resources':{'limits':{'cpu':1}}"), "Burstable"},
		{POD("'resources':{'limits':{'cpu':1,'memory':'1Gi'}}"), "Guaranteed"},
		{POD("'resources':{'limits':{'cpu':1,'memory':'1Gi'},'requests':{'cpu':'1m'}}"),
		 "Burstable"},
	};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		BL_JSON json_t *obj = kind_object(&bl_kind_pod, cases[i].object);

		bl_kind_pod.prepare_create(obj);
		assert_string_equal(bl_str(bl_get(obj, "status"), "phase"), "Pending");
		assert_string_equal(bl_str(bl_get(obj, "status"), "qosClass"), cases[i].class);
	}
}

static void admission_adds_what_is_not_there(void **state)
{
	BL_JSON json_t *plain = kind_object(&bl_kind_pod, SPEC("'tolerations':[{'key':'a',"
							       "'operator':'Exists'}]"));
	BL_JSON json_t *tolerant = kind_object(&bl_kind_pod, SPEC("'tolerations':[{'operator':"
								  "'Exists'}]"));

	(void)state;
	bl_kind_pod.prepare_create(plain);
	bl_kind_pod.prepare_create(tolerant);
	assert_int_equal(bl_count(bl_get(plain, "spec"), "tolerations"), 3);
	assert_int_equal(bl_count(bl_get(tolerant, "spec"), "tolerations"), 1);
	kind_check_has(plain, "{'spec':{'priority':0,'preemptionPolicy':'PreemptLowerPriority'}}");
}

static void priorities_are_those_of_their_class(void **state)
{
	static const struct {
		const char *object;
		bool forbidden;
	} cases[] = {
		{SPEC("'priority':0"), false},
		{SPEC("'priority':1"), true},
		{SPEC("'priorityClassName':'mine'"), true},
		{SPEC("'priorityClassName':'system-node-critical','priority':2000001000"), false},
		{SPEC("'preemptionPolicy':'Never'"), true},
	};
	char buf[256];

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		BL_JSON json_t *obj = kind_object(&bl_kind_pod, cases[i].object);

		assert_int_equal(bl_kind_pod.forbids(obj, buf) != NULL, cases[i].forbidden);
	}
}

static void little_of_a_pod_may_change(void **state)
{
	static const char old[] = SPEC("'activeDeadlineSeconds':10,'tolerations':["
				       "{'key':'a'},{'operator':'Exists'}]");

	(void)state;
	kind_check_update(&bl_kind_pod, old, old, "");
	kind_check_update(&bl_kind_pod, old,
			  "{'spec':{'containers':[{'name':'c','image':'j','imagePullPolicy':"
			  "'Always'}],'activeDeadlineSeconds':5,"
			  "'tolerations':[{'key':'a'},{'operator':'Exists'},{'key':'b'}]}}",
			  "");
	kind_check_update(
		&bl_kind_pod, old,
		SPEC("'activeDeadlineSeconds':11,'tolerations':[{'key':'a'},{'operator':'Exists'}]"),
		"Invalid spec.activeDeadlineSeconds");
	kind_check_update(&bl_kind_pod, old,
			  SPEC("'tolerations':[{'key':'a'},{'operator':'Exists'}]"),
			  "Invalid spec.activeDeadlineSeconds");
	kind_check_update(&bl_kind_pod, old, SPEC("'activeDeadlineSeconds':10"),
			  "Forbidden spec.tolerations");
	kind_check_update(
		&bl_kind_pod, old,
		SPEC("'activeDeadlineSeconds':10,'tolerations':[{'key':'a'},{'operator':'Exists'}],"
		     "'nodeName':'n'"),
		"Forbidden spec");
	kind_check_update(&bl_kind_pod, old, "{'spec':{'containers':[]}}",
			  "Forbidden spec.containers");
}

static void a_status_has_addresses_of_two_families_at_most(void **state)
{
	static const char old[] = SPEC("'restartPolicy':'Never'");

	(void)state;
	kind_check_status(&bl_kind_pod, old,
			  "{'status':{'podIPs':[{'ip':'10.0.0.1'},{'ip':'fd00::1'}]}}", "");
	kind_check_status(&bl_kind_pod, old, "{'status':{'podIPs':[{'ip':'bad'}]}}",
			  "Invalid status.podIPs[0]");
	kind_check_status(&bl_kind_pod, old,
			  "{'status':{'podIPs':[{'ip':'10.0.0.1'},{'ip':'10.0.0.2'}]}}",
			  "Invalid status.podIPs");
}

static void the_first_address_is_the_old_field(void **state)
{
	BL_JSON json_t *obj = kind_object(&bl_kind_pod, "{'status':{'podIP':'10.9.9.9','podIPs':["
							"{'ip':'10.9.9.8'},{'ip':'fd00::1'}]}}");
	BL_JSON json_t *list =
		kind_object(&bl_kind_pod, "{'status':{'podIPs':[{'ip':'10.9.9.8'}]}}");

	(void)state;
	kind_check_has(obj, "{'status':{'podIPs':[{'ip':'10.9.9.9'}]}}");
	kind_check_has(list, "{'status':{'podIP':'10.9.9.8'}}");
}

static void an_ended_container_stays_ended(void **state)
{
	static const char ended[] =
		"{'spec':{'restartPolicy':'Never'},'status':{'containerStatuses':["
		"{'name':'c','state':{'terminated':{'exitCode':0}}}]}}";

	(void)state;
	kind_check_status(&bl_kind_pod, ended,
			  "{'status':{'containerStatuses':[{'name':'c','state':{'running':{}}}]}}",
			  "Forbidden status.containerStatuses[0].state");
	kind_check_status(&bl_kind_pod, ended, ended, "");
}

static void what_may_surprise_warns(void **state)
{
	static const struct {
		const char *object;
		size_t warnings;
	} cases[] = {
		{POD("'env':[]"), 0},
		{"{'metadata':{'name':'a.b'},'spec':{'containers':[]}}", 1},
		{POD("'env':[{'name':'A'},{'name':'A'},{'name':'B'}]"), 1},
		{POD("'ports':[{'containerPort':1},{'containerPort':1},"
		     "{'containerPort':1,'protocol':'UDP'}]"),
		 1},
		{POD("'resources':{'requests':{'memory':'1m'}}"), 1},
		{SPEC("'nodeSelector':{'beta.kubernetes.io/os':'linux'}"), 1},
		{SPEC("'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'z',"
		      "'whenUnsatisfiable':'DoNotSchedule'}]"),
		 1},
		{SPEC("'hostAliases':[{'ip':'fd00::0:1'}]"), 1},
	};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		BL_JSON json_t *obj = kind_object(&bl_kind_pod, cases[i].object);
		BL_JSON json_t *warnings = json_array();

		bl_kind_pod.warn(obj, NULL, warnings);
		assert_int_equal(json_array_size(warnings), cases[i].warnings);
	}
}

static void pods_are_found_by_their_fields(void **state)
{
	BL_JSON json_t *obj =
		kind_object(&bl_kind_pod, "{'spec':{'nodeName':'n'},'status':{'phase':'Running'}}");
	char buf[64];

	(void)state;
	assert_string_equal(bl_kind_pod.field_value(obj, "spec.nodeName", buf), "n");
	assert_string_equal(bl_kind_pod.field_value(obj, "status.phase", buf), "Running");
	assert_string_equal(bl_kind_pod.field_value(obj, "status.podIP", buf), "");
	assert_string_equal(bl_kind_pod.field_value(obj, "spec.hostNetwork", buf), "false");
	assert_null(bl_kind_pod.field_value(obj, "spec.hostname", buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_have_names_and_images),
		cmocka_unit_test(container_ports),
		cmocka_unit_test(environment_has_one_source),
		cmocka_unit_test(probes_do_one_thing),
		cmocka_unit_test(resources_are_known_and_ordered),
		cmocka_unit_test(volumes_have_one_source),
		cmocka_unit_test(the_rest_of_the_spec),
		cmocka_unit_test(affinity_has_terms_and_weights),
		cmocka_unit_test(one_account_in_two_fields),
		cmocka_unit_test(defaults_fill_a_pod),
		cmocka_unit_test(images_are_pulled_by_their_tag),
		cmocka_unit_test(a_new_pod_is_pending_and_has_a_class),
		cmocka_unit_test(admission_adds_what_is_not_there),
		cmocka_unit_test(priorities_are_those_of_their_class),
		cmocka_unit_test(little_of_a_pod_may_change),
		cmocka_unit_test(a_status_has_addresses_of_two_families_at_most),
		cmocka_unit_test(the_first_address_is_the_old_field),
		cmocka_unit_test(an_ended_container_stays_ended),
		cmocka_unit_test(what_may_surprise_warns),
		cmocka_unit_test(pods_are_found_by_their_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
