//! The path before the paths.

use super::{BasePath, Importer};
use crate::document::{Kind, Node};

impl<'a> Importer<'a> {
    /// The segments that come before those of every path.
    pub(super) fn base_path(&self) -> Vec<String> {
        let (path, node) = if self.is_swagger {
            let path = self.text(self.root, "basePath").unwrap_or_default();
            self.host();
            (path, self.root.peek("basePath"))
        } else {
            self.server()
        };
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(str::to_owned);
        match self.options.base_path {
            BasePath::Prepend => segments.collect(),
            BasePath::Split => segments.skip(1).collect(),
            BasePath::Ignore => {
                if let Some(node) = node
                    && segments.count() > 0
                    && !self.is_our_address()
                {
                    self.report.note(
                        node,
                        format!("the base path `{path}` was ignored: import with basepath=prepend or basepath=split to make resources of it"),
                    );
                }
                Vec::new()
            }
        }
    }

    /// Where Swagger says that the API is. It will be where the gateway is.
    fn host(&self) {
        for name in ["host", "schemes"] {
            if let Some(node) = self.root.get(name).map(Node::whole)
                && !self.is_our_address()
            {
                self.report.note(
                    node,
                    format!("`{name}` was ignored: the API's address is the gateway's"),
                );
            }
        }
    }

    /// The document was exported by a gateway, so its address is no wish that is ignored.
    fn is_our_address(&self) -> bool {
        let address = if self.is_swagger {
            self.root.peek("host")
        } else {
            self.root
                .peek("servers")
                .and_then(|servers| servers.items().next()?.peek("url"))
        };
        address
            .and_then(Node::text)
            .is_some_and(|address| address.contains(".execute-api."))
    }

    /// The base path of OpenAPI 3.0: the variable of that name of the first server that has one, or the path of the first server.
    fn server(&self) -> (String, Option<Node<'a>>) {
        let Some(servers) = self.list(self.root, "servers") else {
            return (String::new(), None);
        };
        if servers.items().nth(1).is_some() {
            self.report.warn(
                servers,
                "More than one server provided. Using the first server found for base path and endpoint configuration.",
            );
        }
        let mut found = None;
        for (i, server) in servers.items().enumerate() {
            if server.kind() != Kind::Object {
                self.report
                    .wrong(server, "a server is an object with a `url`");
                continue;
            }
            let url = self.text(server, "url").unwrap_or_default();
            server.get("description");
            let variables = self.object(server, "variables").map(Node::whole);
            let variable = variables
                .and_then(|variables| variables.peek("basePath")?.peek("default"))
                .and_then(|default| Some((default.scalar_text()?, Some(default))));
            if i > 0 {
                continue;
            }
            if !self.is_our_address() {
                self.report.note(
                    server,
                    "the server's address was ignored: the API's address is the gateway's",
                );
            }
            found = variable.or_else(|| Some((path_of(&url).to_owned(), server.peek("url"))));
        }
        found.unwrap_or_default()
    }
}

/// The path of a URL that may be relative and may have variables.
fn path_of(url: &str) -> &str {
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => url,
    };
    rest.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn the_path_of_a_server_is_what_follows_its_host() {
        for (url, expected) in [
            ("https://h/base-url/part/", "/base-url/part/"),
            ("https://h", ""),
            ("https://h:8080/v1?x=1", "/v1"),
            ("/v1", "/v1"),
            ("", ""),
        ] {
            assert_eq!(path_of(url), expected, "{url}");
        }
    }
}
