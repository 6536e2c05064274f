// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Decoding by the tables
 *
 * Objects as clients send them, and what the API server keeps of them or says about them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "apiserver/schema_types.h"
#include "base/json.h"

static json_t *parse(const char *text)
{
	json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(j);
	return j;
}

static void decodes(const struct bl_schema_type *type, const char *in, const char *out)
{
	BL_JSON json_t *obj = parse(in), *want = parse(out), *unknown = json_array();
	struct bl_err err = {};

	assert_int_equal(bl_schema_decode(type, obj, unknown, &err), 0);
	assert_int_equal(json_array_size(unknown), 0);
	if (!json_equal(obj, want)) {
		print_error("got %s\n", json_dumps(obj, 0));
		fail();
	}
}

static void refuses(const struct bl_schema_type *type, const char *in, const char *why)
{
	BL_JSON json_t *obj = parse(in);
	struct bl_err err = {};

	assert_int_equal(bl_schema_decode(type, obj, NULL, &err), -EINVAL);
	assert_string_equal(err.text, why);
}

static void wrong_types_are_named_as_go_does(void **state)
{
	(void)state;
	refuses(&bl_schema_service, "{\"spec\":{\"ports\":[{\"port\":\"80\"}]}}",
		"json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of "
		"type int32");
	refuses(&bl_schema_service, "{\"spec\":\"x\"}",
		"json: cannot unmarshal string into Go struct field Service.spec of type "
		"v1.ServiceSpec");
	refuses(&bl_schema_service, "{\"spec\":{\"ports\":[{\"port\":80.5}]}}",
		"json: cannot unmarshal number 80.5 into Go struct field "
		"ServicePort.spec.ports.port of type int32");
	refuses(&bl_schema_service, "{\"spec\":{\"ports\":[{\"port\":4294967376}]}}",
		"json: cannot unmarshal number 4294967376 into Go struct field "
		"ServicePort.spec.ports.port of type int32");
	refuses(&bl_schema_service, "{\"spec\":{\"ports\":{}}}",
		"json: cannot unmarshal object into Go struct field ServiceSpec.spec.ports of type "
		"[]v1.ServicePort");
	refuses(&bl_schema_configmap, "{\"data\":{\"a\":1}}",
		"json: cannot unmarshal number into Go struct field ConfigMap.data of type string");
	refuses(&bl_schema_configmap, "{\"data\":[]}",
		"json: cannot unmarshal array into Go struct field ConfigMap.data of type "
		"map[string]string");
	refuses(&bl_schema_configmap, "[]",
		"json: cannot unmarshal array into Go value of type v1.ConfigMap");
}

static void values_without_their_grammar_are_refused(void **state)
{
	BL_JSON json_t *time = parse("{\"metadata\":{\"creationTimestamp\":\"yesterday\"}}");
	BL_JSON json_t *data = parse("{\"data\":{\"k\":\"no base64!\"}}");
	BL_JSON json_t *cpu = parse("{\"status\":{\"capacity\":{\"cpu\":\"one\"}}}");
	BL_JSON json_t *port = parse("{\"spec\":{\"ports\":[{\"targetPort\":80.5}]}}");
	BL_JSON json_t *fields = parse("{\"metadata\":{\"managedFields\":[{\"fieldsV1\":1}]}}");

	(void)state;
	assert_int_equal(bl_schema_decode(&bl_schema_node, time, NULL, NULL), -EINVAL);
	assert_int_equal(bl_schema_decode(&bl_schema_secret, data, NULL, NULL), -EINVAL);
	assert_int_equal(bl_schema_decode(&bl_schema_node, cpu, NULL, NULL), -EINVAL);
	assert_int_equal(bl_schema_decode(&bl_schema_service, port, NULL, NULL), -EINVAL);
	assert_int_equal(bl_schema_decode(&bl_schema_service, fields, NULL, NULL), -EINVAL);
}

static void nulls_and_empty_values_go(void **state)
{
	(void)state;
	decodes(&bl_schema_service,
		"{\"metadata\":{\"name\":\"s\",\"labels\":{},\"annotations\":null},"
		"\"spec\":{\"clusterIP\":\"\",\"selector\":{},\"externalIPs\":[],"
		"\"publishNotReadyAddresses\":false,\"healthCheckNodePort\":0}}",
		"{\"metadata\":{\"name\":\"s\"},\"spec\":{},\"status\":{\"loadBalancer\":{}}}");
}

static void given_pointers_stay_though_empty(void **state)
{
	(void)state;
	decodes(&bl_schema_networkpolicy,
		"{\"spec\":{\"ingress\":[{\"from\":[{\"podSelector\":{},\"namespaceSelector\":null}]},"
		"{}],\"egress\":[]}}",
		"{\"metadata\":{},\"spec\":{\"podSelector\":{},"
		"\"ingress\":[{\"from\":[{\"podSelector\":{}}]},{}]}}");
	decodes(&bl_schema_service, "{\"spec\":{\"allocateLoadBalancerNodePorts\":false}}",
		"{\"metadata\":{},\"spec\":{\"allocateLoadBalancerNodePorts\":false},"
		"\"status\":{\"loadBalancer\":{}}}");
}

static void fields_of_plain_structs_are_always_there(void **state)
{
	(void)state;
	decodes(&bl_schema_endpointslice,
		"{\"addressType\":\"IPv4\",\"ports\":[],\"endpoints\":[{\"addresses\":[\"10.1.2.3\"]}]}",
		"{\"metadata\":{},\"addressType\":\"IPv4\",\"ports\":null,"
		"\"endpoints\":[{\"addresses\":[\"10.1.2.3\"],\"conditions\":{}}]}");
	decodes(&bl_schema_event, "{\"involvedObject\":{\"name\":\"p\"}}",
		"{\"metadata\":{},\"involvedObject\":{\"name\":\"p\"},\"source\":{},"
		"\"eventTime\":null,\"firstTimestamp\":null,\"lastTimestamp\":null,"
		"\"reportingComponent\":\"\",\"reportingInstance\":\"\"}");
}

static void times_become_utc_with_the_digits_of_their_class(void **state)
{
	(void)state;
	decodes(&bl_schema_lease, "{\"spec\":{\"renewTime\":\"2026-01-02T03:04:05.5+02:00\"}}",
		"{\"metadata\":{},\"spec\":{\"renewTime\":\"2026-01-02T01:04:05.500000Z\"}}");
	decodes(&bl_schema_configmap,
		"{\"metadata\":{\"creationTimestamp\":\"2026-01-02T03:04:05.9Z\"}}",
		"{\"metadata\":{\"creationTimestamp\":\"2026-01-02T03:04:05Z\"}}");
}

static void quantities_become_canonical_text(void **state)
{
	BL_JSON json_t *obj =
		parse("{\"status\":{\"capacity\":{\"cpu\":2,\"memory\":\"1024Mi\",\"x\":0.5}}}");
	BL_JSON json_t *want = parse("{\"cpu\":\"2\",\"memory\":\"1Gi\",\"x\":\"500m\"}");

	(void)state;
	assert_int_equal(bl_schema_decode(&bl_schema_node, obj, NULL, NULL), 0);
	assert_true(json_equal(bl_json_at(obj, "status", "capacity", NULL), want));
}

static void null_elements_are_empty_values(void **state)
{
	(void)state;
	decodes(&bl_schema_configmap, "{\"data\":{\"a\":null}}",
		"{\"metadata\":{},\"data\":{\"a\":\"\"}}");
	decodes(&bl_schema_networkpolicy, "{\"spec\":{\"policyTypes\":[null]}}",
		"{\"metadata\":{},\"spec\":{\"podSelector\":{},\"policyTypes\":[\"\"]}}");
}

static void unknown_fields_are_taken_out_and_named(void **state)
{
	BL_JSON json_t *obj = parse("{\"metadata\":{\"Name\":\"s\"},\"spec\":{\"foo\":{\"a\":1},"
				    "\"ports\":[{\"port\":80},{\"port\":81,\"prot\":\"TCP\"}]}}");
	BL_JSON json_t *unknown = json_array();
	BL_JSON json_t *want = parse("[\"metadata.Name\",\"spec.foo\",\"spec.ports[1].prot\"]");

	(void)state;
	assert_int_equal(bl_schema_decode(&bl_schema_service, obj, unknown, NULL), 0);
	assert_true(json_equal(unknown, want));
	assert_null(bl_json_at(obj, "spec", "foo", NULL));
	assert_null(bl_json_at(obj, "metadata", "Name", NULL));
}

static void decoding_twice_changes_nothing(void **state)
{
	BL_JSON json_t *obj = parse("{\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":"
				    "{\"limits\":{\"cpu\":\"1500m\",\"memory\":\"1.5Gi\"}}}]}}");
	BL_JSON json_t *once = NULL;

	(void)state;
	assert_int_equal(bl_schema_decode(&bl_schema_pod, obj, NULL, NULL), 0);
	once = json_deep_copy(obj);
	assert_int_equal(bl_schema_decode(&bl_schema_pod, obj, NULL, NULL), 0);
	assert_true(json_equal(obj, once));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_types_are_named_as_go_does),
		cmocka_unit_test(values_without_their_grammar_are_refused),
		cmocka_unit_test(nulls_and_empty_values_go),
		cmocka_unit_test(given_pointers_stay_though_empty),
		cmocka_unit_test(fields_of_plain_structs_are_always_there),
		cmocka_unit_test(times_become_utc_with_the_digits_of_their_class),
		cmocka_unit_test(quantities_become_canonical_text),
		cmocka_unit_test(null_elements_are_empty_values),
		cmocka_unit_test(unknown_fields_are_taken_out_and_named),
		cmocka_unit_test(decoding_twice_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
