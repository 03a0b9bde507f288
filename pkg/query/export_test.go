package query

// LimitBody lowers the bound of an answer's size, to keep its test short.
func (c *Client) LimitBody(bytes int64) { c.maxBody = bytes }
