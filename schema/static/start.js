"use strict";

const firstQuery = `# Put a token into the headers below, instead of the dots:
# "hub serve" shows the first, "hub token" makes more.

query Begin {
  viewer {
    kind
    partner {
      code
    }
  }
  coalition {
    name
    clearingCurrency
  }
}
`;

const page = React.createElement(GraphiQL, {
  fetcher: GraphiQL.createFetcher({ url: "/graphql" }),
  defaultQuery: firstQuery,
  defaultHeaders: '{\n  "Authorization": "Bearer ..."\n}',
  defaultEditorToolsVisibility: "headers",
  isHeadersEditorEnabled: true,
  shouldPersistHeaders: false,
});

ReactDOM.createRoot(document.getElementById("graphiql")).render(page);
