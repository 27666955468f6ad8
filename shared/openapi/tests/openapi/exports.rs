//! What exports look like.

use crate::world::{FORMS, exported, imported};
use postern_openapi::{Dialect, Format};

const DOCUMENT: &str = r#"
swagger: "2.0"
info: {title: Shop, description: d, version: "1.0"}
paths:
  /items:
    get:
      parameters: [{name: page, in: query, type: string}]
      responses:
        200:
          description: 200 response
          schema: {$ref: '#/definitions/Items'}
          headers: {Access-Control-Allow-Origin: {type: string}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://b.example/items
        responses: {default: {statusCode: 200, responseParameters: {method.response.header.Access-Control-Allow-Origin: "'*'"}}}
        requestParameters: {integration.request.querystring.page: method.request.querystring.page}
    post:
      operationId: AddItem
      security: [{api_key: []}]
      parameters: [{in: body, name: NewItem, schema: {$ref: '#/definitions/NewItem'}}]
      responses: {200: {description: Made}}
securityDefinitions: {api_key: {type: apiKey, name: x-api-key, in: header}}
definitions:
  Items: {type: array, items: {$ref: '#/definitions/Item'}}
  Item: {type: object}
  NewItem: {type: object}
x-amazon-apigateway-binary-media-types: [image/png]
"#;

#[test]
fn swagger_is_laid_out_as_the_service_lays_it_out() {
    let definition = imported(DOCUMENT).definition;
    let text = exported(
        &definition,
        (Dialect::Swagger, Format::Json),
        "integrations",
    );
    let expected = r##"{
  "swagger" : "2.0",
  "info" : {
    "description" : "d",
    "version" : "1.0",
    "title" : "Shop"
  },
  "host" : "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
  "basePath" : "/dev",
  "schemes" : [ "https" ],
  "paths" : {
    "/items" : {
      "get" : {
        "produces" : [ "application/json" ],
        "parameters" : [ {
          "name" : "page",
          "in" : "query",
          "required" : false,
          "type" : "string"
        } ],
        "responses" : {
          "200" : {
            "description" : "200 response",
            "schema" : {
              "$ref" : "#/definitions/Items"
            },
            "headers" : {
              "Access-Control-Allow-Origin" : {
                "type" : "string"
              }
            }
          }
        },
        "x-amazon-apigateway-integration" : {
          "type" : "http",
          "httpMethod" : "GET",
          "uri" : "https://b.example/items",
          "responses" : {
            "default" : {
              "statusCode" : "200",
              "responseParameters" : {
                "method.response.header.Access-Control-Allow-Origin" : "'*'"
              }
            }
          },
          "requestParameters" : {
            "integration.request.querystring.page" : "method.request.querystring.page"
          },
          "passthroughBehavior" : "when_no_match"
        }
      },
      "post" : {
        "operationId" : "AddItem",
        "consumes" : [ "application/json" ],
        "produces" : [ "application/json" ],
        "parameters" : [ {
          "in" : "body",
          "name" : "NewItem",
          "required" : true,
          "schema" : {
            "$ref" : "#/definitions/NewItem"
          }
        } ],
        "responses" : {
          "200" : {
            "description" : "Made"
          }
        },
        "security" : [ {
          "api_key" : [ ]
        } ]
      }
    }
  },
  "securityDefinitions" : {
    "api_key" : {
      "type" : "apiKey",
      "name" : "x-api-key",
      "in" : "header"
    }
  },
  "definitions" : {
    "Item" : {
      "type" : "object"
    },
    "Items" : {
      "type" : "array",
      "items" : {
        "$ref" : "#/definitions/Item"
      }
    },
    "NewItem" : {
      "type" : "object"
    }
  },
  "x-amazon-apigateway-binary-media-types" : [ "image/png" ]
}"##;
    assert_eq!(text, expected);
}

#[test]
fn openapi_3_is_laid_out_as_the_service_lays_it_out() {
    let definition = imported(
        r"
openapi: 3.0.1
info: {title: Shop, version: 2017-04-20T04:08:08Z}
paths:
  /items/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        200:
          description: 200 response
          headers: {X-A: {schema: {type: string}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}
  /: {get: {responses: {200: {description: 200 response}}}}
components: {schemas: {Item: {type: object}}}
",
    )
    .definition;
    let text = exported(&definition, (Dialect::Oas30, Format::Yaml), "apigateway");
    let expected = r##"---
openapi: "3.0.1"
info:
  title: "Shop"
  version: "2017-04-20T04:08:08Z"
servers:
- url: "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/{basePath}"
  variables:
    basePath:
      default: "dev"
paths:
  /:
    get:
      responses:
        "200":
          description: "200 response"
          content: {}
  /items/{id}:
    get:
      parameters:
      - name: "id"
        in: "path"
        required: true
        schema:
          type: "string"
      responses:
        "200":
          description: "200 response"
          headers:
            X-A:
              schema:
                type: "string"
          content:
            application/json:
              schema:
                $ref: "#/components/schemas/Item"
components:
  schemas:
    Item:
      type: "object"
"##;
    assert_eq!(text, expected);
}

#[test]
fn without_extensions_nothing_of_the_gateways_own_is_written() {
    let definition = imported(DOCUMENT).definition;
    for form in FORMS {
        let text = exported(&definition, form, "");
        assert!(!text.contains("x-amazon"), "{text}");
        assert!(text.contains("api_key"), "{text}");
    }
}

#[test]
fn an_unknown_type_of_export_is_refused_in_the_words_of_the_service() {
    assert_eq!(
        Dialect::parse("a").unwrap_err(),
        "No API exporter for type 'a'"
    );
    assert_eq!(Dialect::parse("oas30"), Ok(Dialect::Oas30));
}
